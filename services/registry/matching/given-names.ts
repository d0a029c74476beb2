import { foldName } from "./fold-name.ts";

/** Given names that one person goes by in the country's languages, or at home; a line each. */
const groups: readonly string[] = [
  "Jean Johann Johannes Hans John Jang Jhang Juan João Giovanni",
  "Marie Maria Mary Marja Mariechen",
  "Catherine Katharina Katherine Kathrin Katrin Kätt Kate Cathérine Caterina",
  "Pierre Peter Pit Pedro Pietro Petrus",
  "Guillaume Wilhelm William Willy Willi Will Guilherme",
  "François Franz Francis Francisco Francesco Frank",
  "Françoise Franziska Frances Francisca",
  "Jacques Jakob Jacob James Jacobus Tiago",
  "Joseph Josef Jos Josy José Giuseppe Jupp",
  "Nicolas Nikolaus Klaus Nicholas Nic Nick Néckel Niklas Claus",
  "Michel Michael Mike Misch Miguel Michele",
  "Henri Heinrich Henry Heng Heinz Enrico Henrique",
  "Louis Ludwig Lewis Luis Luigi",
  "Charles Karl Carl Carlo Carlos Charel",
  "Georges Georg George Jorge Giorgio",
  "Étienne Stefan Stephan Stephen Steven Steve Stéphane Estêvão",
  "Laurent Lorenz Lawrence Laurenz",
  "Luc Lukas Lucas Luca Luke",
  "Marc Markus Marcus Mark Marco",
  "Anne Anna Ann Änni Annie Ana",
  "Élisabeth Elisabeth Elizabeth Elise Lis Lisa Liz Betty Isabel",
  "Marguerite Margarete Margaretha Margaret Gretchen Greta Margarida",
  "Hélène Helena Helen Leni Helene Elena",
  "Suzanne Susanne Susan Susanna Suzy",
  "Christine Christina Kristina Christiane",
  "Jeanne Johanna Joanna Jane Joana",
  "Thérèse Theresia Theresa Teresa Theresia Tessy",
  "Alexandre Alexander Alex Alessandro",
  "Alexandra Alessandra Sandra",
  "Antoine Anton Antonio António Toni Tony Anthony",
  "Philippe Philipp Philip Filipe",
  "Matthieu Matthias Mathias Matthew Mett Mateus Matteo Mathieu",
  "André Andreas Andrew Andrea Andy",
  "Thomas Tom Tomas Tommaso",
  "Christophe Christoph Christopher Chris Cristóvão",
  "Frédéric Friedrich Frederick Fred Fritz Frederico",
  "Édouard Eduard Edward Eddy Eduardo Edmond",
  "Robert Rob Bob Robi Roberto",
  "Claire Klara Clara Chiara",
  "Sophie Sofia Sophia",
  "Noé Noah Noach",
  "Émile Emil Emilio",
  "Julie Julia Giulia",
  "Camille Kamilla Camilla",
  "Patrice Patrick Patrik",
  "Paul Paulus Paulo Paolo",
  "Pauline Paula Paola",
  "Simone Simona",
  "Yves Ivo",
  "Daniel Dan Danny",
  "Sébastien Sebastian Bastian",
  "Grégoire Gregor Gregory Greg",
  "Mathilde Mechthild Matilda",
  "Benoît Benedikt Benedict Ben",
  "Raphaël Raphael Rafael Raffaele",
  "Eva Ève Eve",
];

const groupOf = new Map<string, number>();
for (const [group, names] of groups.entries()) {
  for (const name of names.split(" ").map(foldName)) if (!groupOf.has(name)) groupOf.set(name, group);
}

/** What stands for all names of a group, or the folded name itself where it belongs to none. */
export function givenNameGroup(name: string): string {
  const folded = foldName(name);
  const group = groupOf.get(folded);
  return group === undefined ? folded : `#${group}`;
}
