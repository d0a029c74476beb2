import type { Texts } from "../../layout/language.ts";

export const letterTexts = {
  title: { en: "Write a letter", fr: "Rédiger un courrier", de: "Brief schreiben" },
  lead: {
    en: "Choose a template. It is filled from the record and you change it as you like before it is kept.",
    fr: "Choisissez un modèle. Il est rempli à partir du dossier et vous le modifiez à votre gré avant l'enregistrement.",
    de: "Wählen Sie eine Vorlage. Sie wird aus der Akte gefüllt, und Sie ändern sie nach Belieben, bevor sie abgelegt wird.",
  },
  head: {
    en: "Your practice's letter head is missing. Letters look better with it.",
    fr: "L'en-tête de votre cabinet manque. Vos courriers seront plus soignés avec lui.",
    de: "Der Briefkopf Ihrer Praxis fehlt noch. Mit ihm sehen Briefe besser aus.",
  },
  headLink: { en: "Add the letter head", fr: "Ajouter l'en-tête", de: "Briefkopf ergänzen" },
  name: { en: "Title", fr: "Titre", de: "Titel" },
  text: { en: "Text", fr: "Texte", de: "Text" },
  afterwards: { en: "After that", fr: "Ensuite", de: "Danach" },
  send: { en: "Send it to a colleague", fr: "L'envoyer à un confrère", de: "An eine Kollegin oder einen Kollegen senden" },
  submit: { en: "Keep in the record", fr: "Enregistrer dans le dossier", de: "In der Akte ablegen" },
  restart: { en: "Fill the template anew", fr: "Remplir à nouveau le modèle", de: "Vorlage neu füllen" },
  nameMissing: { en: "Enter a title", fr: "Saisissez un titre", de: "Geben Sie einen Titel ein" },
  textMissing: { en: "Write a text", fr: "Rédigez un texte", de: "Schreiben Sie einen Text" },
  none: { en: "nothing recorded", fr: "rien d'enregistré", de: "nichts eingetragen" },
  note: { en: "Note", fr: "Note", de: "Notiz" },
  noteHint: {
    en: "What you saw, thought and agreed",
    fr: "Ce que vous avez constaté, conclu et convenu",
    de: "Befund, Beurteilung, Vereinbarung",
  },
  noteBody: {
    en: "What the patient says:\n\nFindings:\n\nAssessment:\n\nPlan:\n",
    fr: "Le patient rapporte :\n\nConstatations :\n\nAppréciation :\n\nSuite :\n",
    de: "Angaben:\n\nBefund:\n\nBeurteilung:\n\nWeiteres Vorgehen:\n",
  },
  referral: { en: "Referral", fr: "Lettre d'orientation", de: "Überweisung" },
  referralHint: {
    en: "To a colleague, with what they must know",
    fr: "À un confrère, avec ce qu'il doit savoir",
    de: "An eine Kollegin oder einen Kollegen, mit allem Wichtigen",
  },
  referralBody: {
    en: "{head}\n{today}\n\nDear colleague,\n\nI refer {patient}, born on {birthDate} (no. {number}), to you.\n\nReason:\n\nAllergies: {allergies}\nMedication: {medication}\nKnown problems: {problems}\n\nThank you for seeing my patient. Please let me know what you find.\n\n{closing}\n",
    fr: "{head}\n{today}\n\nCher confrère, chère consœur,\n\nJe vous adresse {patient}, né(e) le {birthDate} (n° {number}).\n\nMotif :\n\nAllergies : {allergies}\nMédicaments : {medication}\nProblèmes connus : {problems}\n\nJe vous remercie de votre prise en charge et de votre retour.\n\n{closing}\n",
    de: "{head}\n{today}\n\nSehr geehrte Kollegin, sehr geehrter Kollege,\n\nich überweise Ihnen {patient}, geboren am {birthDate} (Nr. {number}).\n\nGrund:\n\nAllergien: {allergies}\nMedikamente: {medication}\nBekannte Probleme: {problems}\n\nVielen Dank für die Mitbehandlung und Ihre Rückmeldung.\n\n{closing}\n",
  },
  report: { en: "Report of a visit", fr: "Compte rendu de consultation", de: "Bericht über einen Besuch" },
  reportHint: {
    en: "What was found and what follows",
    fr: "Ce qui a été constaté et la suite",
    de: "Was festgestellt wurde und was folgt",
  },
  reportBody: {
    en: "{head}\n{today}\n\nReport on {patient}, born on {birthDate} (no. {number})\n\nI saw the patient on {today}.\n\nFindings:\n\nAssessment:\n\nTreatment:\nMedication: {medication}\nAllergies: {allergies}\n\nNext visit:\n\n{closing}\n",
    fr: "{head}\n{today}\n\nCompte rendu concernant {patient}, né(e) le {birthDate} (n° {number})\n\nJ'ai vu le patient le {today}.\n\nConstatations :\n\nAppréciation :\n\nTraitement :\nMédicaments : {medication}\nAllergies : {allergies}\n\nProchaine visite :\n\n{closing}\n",
    de: "{head}\n{today}\n\nBericht über {patient}, geboren am {birthDate} (Nr. {number})\n\nBesuch am {today}.\n\nBefund:\n\nBeurteilung:\n\nBehandlung:\nMedikamente: {medication}\nAllergien: {allergies}\n\nNächster Besuch:\n\n{closing}\n",
  },
  plan: { en: "Medication plan", fr: "Plan de médication", de: "Medikationsplan" },
  planHint: { en: "For the patient to take along", fr: "À remettre au patient", de: "Zum Mitgeben" },
  planBody: {
    en: "{head}\n{today}\n\nMedication plan of {patient}, born on {birthDate}\n\n{medicationList}\n\nAllergies and intolerances: {allergies}\n\nPlease show this plan at each visit and in the pharmacy.\n\n{closing}\n",
    fr: "{head}\n{today}\n\nPlan de médication de {patient}, né(e) le {birthDate}\n\n{medicationList}\n\nAllergies et intolérances : {allergies}\n\nMontrez ce plan à chaque consultation et à la pharmacie.\n\n{closing}\n",
    de: "{head}\n{today}\n\nMedikationsplan für {patient}, geboren am {birthDate}\n\n{medicationList}\n\nAllergien und Unverträglichkeiten: {allergies}\n\nBitte zeigen Sie diesen Plan bei jedem Besuch und in der Apotheke.\n\n{closing}\n",
  },
  certificate: {
    en: "Certificate of incapacity for work",
    fr: "Certificat d'incapacité de travail",
    de: "Arbeitsunfähigkeitsbescheinigung",
  },
  certificateHint: { en: "Without a diagnosis", fr: "Sans diagnostic", de: "Ohne Diagnose" },
  certificateBody: {
    en: "{head}\n{today}\n\nCertificate\n\n{patient}, born on {birthDate}, cannot work for reasons of health from {today} until … inclusive.\n\nThe patient may leave home: yes / no\n\n{closing}\n",
    fr: "{head}\n{today}\n\nCertificat\n\n{patient}, né(e) le {birthDate}, est en incapacité de travail pour raison de santé du {today} au … inclus.\n\nSorties autorisées : oui / non\n\n{closing}\n",
    de: "{head}\n{today}\n\nBescheinigung\n\n{patient}, geboren am {birthDate}, kann aus gesundheitlichen Gründen vom {today} bis einschließlich … nicht arbeiten.\n\nAusgang erlaubt: ja / nein\n\n{closing}\n",
  },
} as const satisfies Texts;
