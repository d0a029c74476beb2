import type { Language } from "../../lib/language.ts";
import type { Reason } from "./score-pair.ts";

const words: Record<Reason, Record<Language, string>> = {
  "nationalNumber.same": { en: "same national number", fr: "même numéro national", de: "gleiche nationale Nummer" },
  "nationalNumber.different": {
    en: "different national numbers",
    fr: "numéros nationaux différents",
    de: "verschiedene nationale Nummern",
  },
  "identifier.same": {
    en: "same identifier of an organisation",
    fr: "même identifiant d'un organisme",
    de: "gleiche Kennung einer Einrichtung",
  },
  "family.same": { en: "same family name", fr: "même nom", de: "gleicher Familienname" },
  "family.part": { en: "family names share a part", fr: "noms avec une partie commune", de: "Familiennamen mit gemeinsamem Teil" },
  "family.sound": { en: "family names sound alike", fr: "noms de même consonance", de: "Familiennamen klingen gleich" },
  "family.similar": { en: "family names spelt alike", fr: "noms d'orthographe proche", de: "Familiennamen ähnlich geschrieben" },
  "family.different": { en: "different family names", fr: "noms différents", de: "verschiedene Familiennamen" },
  "given.same": { en: "same given name", fr: "même prénom", de: "gleicher Vorname" },
  "given.variant": { en: "forms of one given name", fr: "formes d'un même prénom", de: "Formen desselben Vornamens" },
  "given.part": { en: "given names share a part", fr: "prénoms avec une partie commune", de: "Vornamen mit gemeinsamem Teil" },
  "given.sound": { en: "given names sound alike", fr: "prénoms de même consonance", de: "Vornamen klingen gleich" },
  "given.similar": { en: "given names spelt alike", fr: "prénoms d'orthographe proche", de: "Vornamen ähnlich geschrieben" },
  "given.different": { en: "different given names", fr: "prénoms différents", de: "verschiedene Vornamen" },
  "names.swapped": { en: "family and given name swapped", fr: "nom et prénom inversés", de: "Familien- und Vorname vertauscht" },
  "birthDate.same": { en: "same birth date", fr: "même date de naissance", de: "gleiches Geburtsdatum" },
  "birthDate.swapped": {
    en: "day and month of birth swapped",
    fr: "jour et mois de naissance inversés",
    de: "Geburtstag und -monat vertauscht",
  },
  "birthDate.digit": {
    en: "birth dates differ in one digit",
    fr: "dates de naissance à un chiffre près",
    de: "Geburtsdaten bis auf eine Ziffer gleich",
  },
  "birthDate.year": { en: "same year of birth", fr: "même année de naissance", de: "gleiches Geburtsjahr" },
  "birthDate.different": { en: "different birth dates", fr: "dates de naissance différentes", de: "verschiedene Geburtsdaten" },
  "gender.same": { en: "same sex", fr: "même sexe", de: "gleiches Geschlecht" },
  "gender.different": { en: "different sex", fr: "sexe différent", de: "verschiedenes Geschlecht" },
  "address.same": { en: "same place", fr: "même localité", de: "gleicher Ort" },
  "address.different": { en: "different places", fr: "localités différentes", de: "verschiedene Orte" },
  "contact.same": {
    en: "same telephone or mail address",
    fr: "même téléphone ou courriel",
    de: "gleiches Telefon oder gleiche Mailadresse",
  },
  "contact.different": {
    en: "different telephone and mail address",
    fr: "téléphone et courriel différents",
    de: "verschiedene Telefone und Mailadressen",
  },
};

export function describeReasons(reasons: readonly Reason[], language: Language): string[] {
  return reasons.map((reason) => words[reason][language]);
}
