import type { Texts } from "../../layout/language.ts";

export const profileTexts = {
  title: { en: "Letter head of the practice", fr: "En-tête du cabinet", de: "Briefkopf der Praxis" },
  lead: {
    en: "It stands at the top of every letter that is written here. Everybody in the practice uses the same.",
    fr: "Il figure en haut de chaque courrier rédigé ici. Tout le cabinet utilise le même.",
    de: "Er steht über jedem Brief, der hier geschrieben wird. Alle in der Praxis verwenden denselben.",
  },
  name: { en: "Name of the practice", fr: "Nom du cabinet", de: "Name der Praxis" },
  address: { en: "Address", fr: "Adresse", de: "Adresse" },
  phone: { en: "Telephone", fr: "Téléphone", de: "Telefon" },
  email: { en: "E-mail", fr: "E-mail", de: "E-Mail" },
  closing: { en: "Closing of letters", fr: "Formule de politesse", de: "Grußformel" },
  closingUsual: { en: "Kind regards,", fr: "Bien confraternellement,", de: "Mit freundlichen Grüßen" },
  submit: { en: "Save", fr: "Enregistrer", de: "Speichern" },
  nameMissing: { en: "Enter the name of the practice", fr: "Saisissez le nom du cabinet", de: "Geben Sie den Namen der Praxis ein" },
  addressMissing: { en: "Enter the address", fr: "Saisissez l'adresse", de: "Geben Sie die Adresse ein" },
  noPractice: {
    en: "Your account belongs to no practice. Please contact us.",
    fr: "Votre compte n'est rattaché à aucun cabinet. Contactez-nous.",
    de: "Ihr Konto gehört zu keiner Praxis. Bitte melden Sie sich bei uns.",
  },
} as const satisfies Texts;
