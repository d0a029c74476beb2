import type { Texts } from "../../layout/language.ts";

export const colleaguesTexts = {
  title: { en: "Colleagues", fr: "Confrères", de: "Kolleginnen und Kollegen" },
  lead: {
    en: "Everybody who treats patients here: find them, write to them, refer to them.",
    fr: "Tous ceux qui soignent ici : trouvez-les, écrivez-leur, orientez vers eux.",
    de: "Alle, die hier behandeln: finden, anschreiben, überweisen.",
  },
  name: { en: "Name", fr: "Nom", de: "Name" },
  profession: { en: "Profession", fr: "Profession", de: "Beruf" },
  any: { en: "Any", fr: "Toutes", de: "Alle" },
  search: { en: "Search", fr: "Rechercher", de: "Suchen" },
  people: { en: "People", fr: "Personnes", de: "Personen" },
  places: { en: "Practices and institutions", fr: "Cabinets et établissements", de: "Praxen und Einrichtungen" },
  nobody: { en: "Nobody was found.", fr: "Personne n'a été trouvé.", de: "Niemand wurde gefunden." },
  write: { en: "Write", fr: "Écrire", de: "Schreiben" },
  refer: { en: "Refer to", fr: "Orienter vers", de: "Überweisen an" },
  choose: { en: "Choose", fr: "Choisir", de: "Wählen" },
  ownTitle: { en: "In your practice", fr: "Dans votre cabinet", de: "In Ihrer Praxis" },
  ownAlone: { en: "Nobody else is listed.", fr: "Personne d'autre n'est inscrit.", de: "Sonst ist niemand eingetragen." },
  delegation: { en: "Acting for each other", fr: "Se remplacer", de: "Einander vertreten" },
  delegationHow: {
    en: "What a patient allows your practice holds for everybody in it, each within their own profession. So a locum in your practice needs nothing more.",
    fr: "Ce qu'un patient autorise à votre cabinet vaut pour tous ceux qui y travaillent, chacun dans sa profession. Un remplaçant au cabinet n'a donc besoin de rien de plus.",
    de: "Was jemand Ihrer Praxis erlaubt, gilt für alle darin, jede Person im Rahmen ihres Berufs. Eine Vertretung in Ihrer Praxis braucht also nichts weiter.",
  },
  delegationLimits: {
    en: 'Nobody can hand on access to a colleague elsewhere: only the patient can, in their record under "Who may look". A referral tells the colleague what they need.',
    fr: "Personne ne peut transmettre son accès à un confrère extérieur : seul le patient le peut, dans son dossier sous « Qui peut consulter ». Une lettre d'orientation dit au confrère ce qu'il doit savoir.",
    de: "Niemand kann den eigenen Zugriff nach außen weitergeben: Das kann nur, wem die Akte gehört, unter „Wer darf schauen“. Eine Überweisung sagt, was die anderen wissen müssen.",
  },
  role: { en: "{profession} at {place}", fr: "{profession} – {place}", de: "{profession}, {place}" },
  yourself: { en: "you", fr: "vous", de: "Sie" },
} as const satisfies Texts;
