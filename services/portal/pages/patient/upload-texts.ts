import type { Texts } from "../../layout/language.ts";

export const uploadTexts = {
  title: { en: "Add a document", fr: "Ajouter un document", de: "Dokument hinzufügen" },
  lead: {
    en: "A letter, a photo of a report, or something you want those who treat you to know.",
    fr: "Un courrier, la photo d'un compte rendu, ou ce que vous voulez faire savoir à ceux qui vous soignent.",
    de: "Ein Brief, das Foto eines Befunds oder etwas, das alle wissen sollen, die Sie behandeln.",
  },
  name: { en: "What is it?", fr: "De quoi s'agit-il ?", de: "Was ist es?" },
  nameHint: {
    en: "For example: letter from the eye clinic",
    fr: "Par exemple : courrier de l'ophtalmologue",
    de: "Zum Beispiel: Brief der Augenklinik",
  },
  date: { en: "From which day?", fr: "De quel jour ?", de: "Von welchem Tag?" },
  file: { en: "File", fr: "Fichier", de: "Datei" },
  fileHint: {
    en: "PDF, picture or text, at most 5 MB. On a phone you can take a photo.",
    fr: "PDF, image ou texte, 5 Mo au maximum. Avec un téléphone, vous pouvez prendre une photo.",
    de: "PDF, Bild oder Text, höchstens 5 MB. Mit dem Telefon können Sie ein Foto machen.",
  },
  drop: { en: "Or drop a file here.", fr: "Ou déposez un fichier ici.", de: "Oder legen Sie eine Datei hier ab." },
  note: { en: "Or write it here", fr: "Ou écrivez-le ici", de: "Oder schreiben Sie es hier" },
  noteHint: {
    en: "If you add no file, this text becomes the document.",
    fr: "Si vous n'ajoutez pas de fichier, ce texte devient le document.",
    de: "Wenn Sie keine Datei hinzufügen, wird dieser Text das Dokument.",
  },
  submit: { en: "Add to my record", fr: "Ajouter à mon dossier", de: "In meine Akte legen" },
  nameMissing: {
    en: "Say in a few words what it is",
    fr: "Dites en quelques mots de quoi il s'agit",
    de: "Sagen Sie in wenigen Worten, was es ist",
  },
  dateWrong: {
    en: "Choose a day that is not in the future",
    fr: "Choisissez un jour qui n'est pas dans le futur",
    de: "Wählen Sie einen Tag, der nicht in der Zukunft liegt",
  },
  nothing: {
    en: "Choose a file or write a text",
    fr: "Choisissez un fichier ou écrivez un texte",
    de: "Wählen Sie eine Datei oder schreiben Sie einen Text",
  },
  typeWrong: {
    en: "This kind of file is not taken. Use PDF, JPEG, PNG or text.",
    fr: "Ce type de fichier n'est pas accepté. Utilisez PDF, JPEG, PNG ou texte.",
    de: "Diese Art Datei wird nicht angenommen. Verwenden Sie PDF, JPEG, PNG oder Text.",
  },
  tooLarge: { en: "The file has more than 5 MB", fr: "Le fichier dépasse 5 Mo", de: "Die Datei hat mehr als 5 MB" },
} as const satisfies Texts;
