import type { Texts } from "../../layout/language.ts";

export const accessibilityTexts = {
  title: { en: "Accessibility", fr: "Accessibilité", de: "Barrierefreiheit" },
  lead: {
    en: "This site is meant for everybody, also for those who see, hear, move or read differently.",
    fr: "Ce site est destiné à tous, y compris aux personnes qui voient, entendent, bougent ou lisent autrement.",
    de: "Diese Seite ist für alle da, auch für Menschen, die anders sehen, hören, sich bewegen oder lesen.",
  },
  aimHeading: { en: "What we hold to", fr: "Ce à quoi nous nous engageons", de: "Woran wir uns halten" },
  aim: {
    en: "We build to the Web Content Accessibility Guidelines (WCAG) 2.2, level AA, and test each page for it, by machine and by hand.",
    fr: "Nous suivons les règles pour l'accessibilité des contenus Web (WCAG) 2.2, niveau AA, et testons chaque page, automatiquement et à la main.",
    de: "Wir bauen nach den Web Content Accessibility Guidelines (WCAG) 2.2, Stufe AA, und prüfen jede Seite daraufhin, maschinell und von Hand.",
  },
  canHeading: { en: "What works", fr: "Ce qui fonctionne", de: "Was geht" },
  keyboard: {
    en: "Everything can be done with the keyboard alone.",
    fr: "Tout peut se faire au clavier seul.",
    de: "Alles geht allein mit der Tastatur.",
  },
  zoom: {
    en: "Pages can be enlarged to 400 % and used on a small phone.",
    fr: "Les pages peuvent être agrandies à 400 % et utilisées sur un petit téléphone.",
    de: "Seiten lassen sich auf 400 % vergrößern und auf einem kleinen Telefon nutzen.",
  },
  script: { en: "Everything works without JavaScript.", fr: "Tout fonctionne sans JavaScript.", de: "Alles geht ohne JavaScript." },
  dark: {
    en: "Light and dark follow the setting of your device, and so does less motion.",
    fr: "Le mode clair ou sombre et la réduction des animations suivent les réglages de votre appareil.",
    de: "Hell und dunkel folgen der Einstellung Ihres Geräts, ebenso weniger Bewegung.",
  },
  limitsHeading: { en: "What does not work yet", fr: "Ce qui ne fonctionne pas encore", de: "Was noch nicht geht" },
  limits: {
    en: "Documents that others put into the record, above all scanned letters and images, often cannot be read aloud. Ask the sender for another form. We have not yet had the site tested by people with disabilities.",
    fr: "Les documents déposés par d'autres, surtout les courriers numérisés et les images, ne peuvent souvent pas être lus à voix haute. Demandez une autre forme à l'expéditeur. Le site n'a pas encore été testé par des personnes handicapées.",
    de: "Dokumente, die andere in die Akte gelegt haben, vor allem eingescannte Briefe und Bilder, können oft nicht vorgelesen werden. Bitten Sie den Absender um eine andere Form. Die Seite wurde noch nicht von Menschen mit Behinderungen getestet.",
  },
  tell: {
    en: "If something keeps you from using the site, tell us: see Help and contact.",
    fr: "Si quelque chose vous empêche d'utiliser le site, dites-le-nous : voir Aide et contact.",
    de: "Wenn etwas Sie an der Nutzung hindert, sagen Sie es uns: siehe Hilfe und Kontakt.",
  },
} as const satisfies Texts;
