import type { Texts } from "../../layout/language.ts";

export const delegatesTexts = {
  title: { en: "People I trust", fr: "Personnes de confiance", de: "Vertrauenspersonen" },
  lead: {
    en: "Somebody you trust can see your record for you: a daughter, a partner, a guardian. You can end it at any time.",
    fr: "Une personne de confiance peut consulter votre dossier pour vous : votre fille, votre partenaire, un tuteur. Vous pouvez y mettre fin à tout moment.",
    de: "Jemand, dem Sie vertrauen, kann Ihre Akte für Sie ansehen: eine Tochter, der Partner, eine gesetzliche Vertretung. Sie können es jederzeit beenden.",
  },
  now: { en: "Who acts for you", fr: "Qui agit pour vous", de: "Wer für Sie handelt" },
  none: { en: "Nobody acts for you.", fr: "Personne n'agit pour vous.", de: "Niemand handelt für Sie." },
  add: { en: "Add somebody", fr: "Ajouter quelqu'un", de: "Jemanden hinzufügen" },
  name: { en: "Their name", fr: "Son nom", de: "Name der Person" },
  code: { en: "Their number for trust", fr: "Son numéro de confiance", de: "Ihre Vertrauensnummer" },
  codeHint: {
    en: "They find it on this page when they are signed in.",
    fr: "La personne le trouve sur cette page lorsqu'elle est connectée.",
    de: "Die Person findet sie auf dieser Seite, wenn sie angemeldet ist.",
  },
  level: { en: "What may they see?", fr: "Que peut-elle voir ?", de: "Was darf die Person sehen?" },
  normal: { en: "Normal entries", fr: "Les éléments normaux", de: "Normale Einträge" },
  restricted: { en: "Also restricted entries", fr: "Aussi les éléments restreints", de: "Auch eingeschränkte Einträge" },
  secret: { en: "Everything, also what is hidden", fr: "Tout, même ce qui est masqué", de: "Alles, auch Verborgenes" },
  until: { en: "Until when?", fr: "Jusqu'à quand ?", de: "Bis wann?" },
  submit: { en: "Add", fr: "Ajouter", de: "Hinzufügen" },
  nameMissing: { en: "Enter the person's name", fr: "Indiquez le nom de la personne", de: "Geben Sie den Namen der Person ein" },
  codeWrong: {
    en: "Enter the number as it stands on their page",
    fr: "Indiquez le numéro tel qu'il figure sur sa page",
    de: "Geben Sie die Nummer so ein, wie sie auf der Seite der Person steht",
  },
  codeOwn: { en: "This is your own number", fr: "C'est votre propre numéro", de: "Das ist Ihre eigene Nummer" },
  untilWrong: { en: "Choose a day in the future", fr: "Choisissez un jour dans le futur", de: "Wählen Sie einen Tag in der Zukunft" },
  own: { en: "You act for somebody", fr: "Vous agissez pour quelqu'un", de: "Sie handeln für jemanden" },
  ownCode: { en: "Your number for trust", fr: "Votre numéro de confiance", de: "Ihre Vertrauensnummer" },
  ownHint: {
    en: "Give it to somebody who wants you to see their record. It opens nothing by itself.",
    fr: "Donnez-le à la personne qui souhaite que vous consultiez son dossier. Il n'ouvre rien à lui seul.",
    de: "Geben Sie sie jemandem, der möchte, dass Sie seine Akte ansehen. Sie öffnet allein nichts.",
  },
  switch: { en: "Open another record", fr: "Ouvrir un autre dossier", de: "Eine andere Akte öffnen" },
  switchHint: {
    en: "If you act for a child or for somebody else, you choose at the sign-in whose record you open.",
    fr: "Si vous agissez pour un enfant ou pour une autre personne, vous choisissez à la connexion quel dossier ouvrir.",
    de: "Wenn Sie für ein Kind oder jemand anderen handeln, wählen Sie bei der Anmeldung, welche Akte Sie öffnen.",
  },
  saved: { en: "Saved. It holds from now on.", fr: "Enregistré, avec effet immédiat.", de: "Gespeichert. Es gilt ab sofort." },
  ended: { en: "Ended. It holds no more.", fr: "Terminé. Cela ne s'applique plus.", de: "Beendet. Es gilt nicht mehr." },
} as const satisfies Texts;
