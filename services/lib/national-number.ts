/**
 * The 13-digit national number: birth date (YYYYMMDD), a sequence of three digits, and two check digits, Luhn's (ISO/IEC 7812-1 annex B)
 * and Verhoeff's (J. Verhoeff, Error Detecting Decimal Codes, 1969), each over the first eleven digits.
 */
import type { Language } from "./language.ts";

/** `Identifier.system` of the national number. */
export const nationalNumberSystem = "urn:dsp:national-number";

export type DefectKind = "length" | "characters" | "date" | "luhn" | "verhoeff";

export interface NationalNumberDefect {
  kind: DefectKind;
  /** Of the first character concerned, counted from 1 in the number without the spaces people write in it. */
  position: number;
  message: Record<Language, string>;
}

export type ParsedNationalNumber =
  | {
      valid: true;
      /** The 13 digits, without spaces. */
      value: string;
      /** YYYY-MM-DD */
      birthDate: string;
      sequence: number;
    }
  | { valid: false; defects: NationalNumberDefect[] };

const digits = 13;
const body = 11;

/** Says whether the text is a national number, and if not, everything that is wrong with it. Spaces between groups are allowed. */
export function parseNationalNumber(text: string): ParsedNationalNumber {
  const value = text.replaceAll(/[ \u00a0\u202f]/g, "");
  const defects = [lengthDefect(value), charactersDefect(value)].filter((defect) => defect !== undefined);
  if (/^\d{8}/.test(value)) {
    defects.push(...dateDefect(value));
  }
  // With a digit missing or too many, nobody knows which ones the check digits are.
  if (/^\d{13}$/.test(value)) {
    defects.push(...checkDefects(value));
  }
  if (defects.length > 0) {
    return { valid: false, defects };
  }
  return {
    valid: true,
    value,
    birthDate: `${value.slice(0, 4)}-${value.slice(4, 6)}-${value.slice(6, 8)}`,
    sequence: Number(value.slice(8, 11)),
  };
}

/**
 * Makes a national number.
 * @param birthDate YYYY-MM-DD
 * @param sequence 0 to 999
 * @throws RangeError for a date that does not exist or a sequence out of range
 */
export function nationalNumber(birthDate: string, sequence: number): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(birthDate) || !dateExists(birthDate)) {
    throw new RangeError("The birth date must be an existing day, YYYY-MM-DD");
  }
  if (!Number.isInteger(sequence) || sequence < 0 || sequence > 999) {
    throw new RangeError("The sequence must be a whole number from 0 to 999");
  }
  const first = birthDate.replaceAll("-", "") + String(sequence).padStart(3, "0");
  return `${first}${luhnDigit(first)}${verhoeffDigit(first)}`;
}

function lengthDefect(value: string): NationalNumberDefect | undefined {
  const { length } = value;
  if (length === digits) {
    return undefined;
  }
  return {
    kind: "length",
    position: Math.min(length, digits) + 1,
    message: {
      fr: `Le numéro national compte ${digits} chiffres ; celui-ci a ${length} caractère${length > 1 ? "s" : ""}.`,
      de: `Die nationale Nummer hat ${digits} Ziffern; diese hat ${length} Zeichen.`,
      en: `The national number has ${digits} digits; this one has ${length} character${length === 1 ? "" : "s"}.`,
    },
  };
}

function charactersDefect(value: string): NationalNumberDefect | undefined {
  const position = value.search(/\D/) + 1;
  if (position === 0) {
    return undefined;
  }
  return {
    kind: "characters",
    position,
    message: {
      fr: `Le numéro national ne contient que des chiffres ; le caractère en position ${position} n'en est pas un.`,
      de: `Die nationale Nummer besteht nur aus Ziffern; das Zeichen an Stelle ${position} ist keine.`,
      en: `The national number holds digits only; the character at position ${position} is none.`,
    },
  };
}

function dateDefect(value: string): NationalNumberDefect[] {
  const [year, month, day] = [value.slice(0, 4), value.slice(4, 6), value.slice(6, 8)];
  if (dateExists(`${year}-${month}-${day}`)) {
    return [];
  }
  const monthExists = Number(month) >= 1 && Number(month) <= 12;
  const position = Number(year) === 0 ? 1 : monthExists ? 7 : 5;
  const date = `${day}.${month}.${year}`;
  return [
    {
      kind: "date",
      position,
      message: {
        fr: `Les huit premiers chiffres sont la date de naissance (AAAAMMJJ) ; le ${date} n'existe pas (position ${position}).`,
        de: `Die ersten acht Ziffern sind das Geburtsdatum (JJJJMMTT); den ${date} gibt es nicht (Stelle ${position}).`,
        en: `The first eight digits are the birth date (YYYYMMDD); ${year}-${month}-${day} does not exist (position ${position}).`,
      },
    },
  ];
}

function checkDefects(value: string): NationalNumberDefect[] {
  const first = value.slice(0, body);
  const checks = [
    { kind: "luhn", name: "Luhn", position: 12, expected: luhnDigit(first) },
    { kind: "verhoeff", name: "Verhoeff", position: 13, expected: verhoeffDigit(first) },
  ] as const;
  return checks
    .filter(({ position, expected }) => Number(value[position - 1]) !== expected)
    .map(({ kind, name, position }) => ({
      kind,
      position,
      // The digit it should be is not told: whoever mistyped another digit would make a valid number of someone else's.
      message: {
        fr: `La clé de contrôle de ${name} (position ${position}) ne correspond pas aux onze premiers chiffres : un chiffre est faux ou deux sont inversés.`,
        de: `Die Prüfziffer nach ${name} (Stelle ${position}) passt nicht zu den ersten elf Ziffern: Eine Ziffer ist falsch oder zwei sind vertauscht.`,
        en: `The ${name} check digit (position ${position}) does not fit the first eleven digits: a digit is wrong or two are swapped.`,
      },
    }));
}

/** @param date YYYY-MM-DD, digits in the right places */
function dateExists(date: string): boolean {
  const time = Date.parse(`${date}T00:00:00Z`);
  return !date.startsWith("0000") && !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
}

/** The digit that, written after these, makes the whole pass Luhn's check. */
export function luhnDigit(text: string): number {
  const sum = [...text].reverse().reduce((total, character, index) => {
    const product = Number(character) * (index % 2 === 0 ? 2 : 1);
    return total + (product > 9 ? product - 9 : product);
  }, 0);
  return (10 - (sum % 10)) % 10;
}

/** The permutation that Verhoeff applies once for each place from the right. */
const permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/** The product of two elements in the dihedral group of the pentagon: 0 to 4 turn it, 5 to 9 turn it over. */
function dihedral(left: number, right: number): number {
  const [turn, flipped] = [left % 5, left >= 5];
  if (right < 5) {
    return flipped ? ((turn - right + 5) % 5) + 5 : (turn + right) % 5;
  }
  return flipped ? (turn - (right - 5) + 5) % 5 : ((turn + right - 5) % 5) + 5;
}

/** The digit that, written after these, makes the whole pass Verhoeff's check. */
export function verhoeffDigit(text: string): number {
  const check = [...text].reverse().reduce((total, character, index) => {
    let digit = Number(character);
    for (let place = 0; place < (index + 1) % 8; place++) {
      digit = permutation[digit] ?? 0;
    }
    return dihedral(total, digit);
  }, 0);
  return check < 5 ? (5 - check) % 5 : check;
}
