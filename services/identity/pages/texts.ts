import type { Language } from "../../lib/language.ts";

/** What the pages say. `{0}` stands for what is filled in. */
const all = {
  service: ["Dossier de soins partagé", "Gemeinsame Pflegeakte", "Shared care record"],
  languages: ["Langue", "Sprache", "Language"],
  signIn: ["Se connecter", "Anmelden", "Sign in"],
  signInTo: ["Connexion à {0}", "Anmeldung bei {0}", "Sign in to {0}"],
  login: ["Identifiant", "Benutzername", "User name"],
  password: ["Mot de passe", "Passwort", "Password"],
  continue: ["Continuer", "Weiter", "Continue"],
  cancel: ["Annuler", "Abbrechen", "Cancel"],
  back: ["Recommencer", "Von vorn beginnen", "Start again"],
  withPasskey: ["Se connecter avec une clé d’accès", "Mit Passkey anmelden", "Sign in with a passkey"],
  withUpstream: ["Se connecter avec {0}", "Anmelden mit {0}", "Sign in with {0}"],
  or: ["ou", "oder", "or"],
  wrongPassword: [
    "L’identifiant ou le mot de passe n’est pas correct.",
    "Benutzername oder Passwort stimmt nicht.",
    "The user name or the password is not right.",
  ],
  blocked: [
    "Trop d’essais. Réessayez dans {0}.",
    "Zu viele Versuche. Versuchen Sie es in {0} wieder.",
    "Too many attempts. Try again in {0}.",
  ],
  seconds: ["{0} secondes", "{0} Sekunden", "{0} seconds"],
  minutes: ["{0} minutes", "{0} Minuten", "{0} minutes"],
  secondFactor: ["Deuxième étape", "Zweiter Schritt", "Second step"],
  code: ["Code à 6 chiffres", "6-stelliger Code", "6-digit code"],
  codeHint: [
    "Il se trouve dans votre application d’authentification.",
    "Sie finden ihn in Ihrer Authentifizierungs-App.",
    "You find it in your authenticator app.",
  ],
  wrongCode: [
    "Ce code n’est pas correct, ou il a déjà servi. Attendez le suivant.",
    "Dieser Code stimmt nicht oder wurde schon benutzt. Warten Sie auf den nächsten.",
    "This code is not right, or it was used before. Wait for the next one.",
  ],
  recoveryCode: ["Code de secours", "Wiederherstellungscode", "Recovery code"],
  useRecovery: ["Utiliser un code de secours", "Wiederherstellungscode benutzen", "Use a recovery code"],
  wrongRecovery: [
    "Ce code de secours n’est pas correct, ou il a déjà servi.",
    "Dieser Wiederherstellungscode stimmt nicht oder wurde schon benutzt.",
    "This recovery code is not right, or it was used before.",
  ],
  passkeyFailed: ["La clé d’accès n’a pas été acceptée.", "Der Passkey wurde nicht angenommen.", "The passkey was not accepted."],
  enrolTitle: ["Protéger votre compte", "Ihr Konto schützen", "Protect your account"],
  enrolWhy: [
    "Les professionnels se connectent avec un deuxième facteur. Ajoutez cette clé à une application d’authentification, puis saisissez le code affiché.",
    "Fachpersonen melden sich mit einem zweiten Faktor an. Tragen Sie diesen Schlüssel in eine Authentifizierungs-App ein und geben Sie den angezeigten Code ein.",
    "Professionals sign in with a second factor. Add this key to an authenticator app, then enter the code it shows.",
  ],
  resetWhy: [
    "Le service d’assistance a retiré votre deuxième facteur. Ajoutez cette clé à une application d’authentification, puis saisissez le code reçu du service et celui que l’application affiche.",
    "Der Servicedesk hat Ihren zweiten Faktor entfernt. Tragen Sie diesen Schlüssel in eine Authentifizierungs-App ein und geben Sie den Code des Servicedesks und den angezeigten Code ein.",
    "The service desk has taken away your second factor. Add this key to an authenticator app, then enter the code from the service desk and the one the app shows.",
  ],
  deskCode: ["Code du service d’assistance", "Code des Servicedesks", "Code from the service desk"],
  wrongDeskCode: [
    "Le code du service d’assistance n’est pas correct, ou il a expiré. Appelez le service.",
    "Der Code des Servicedesks stimmt nicht oder ist abgelaufen. Rufen Sie den Servicedesk an.",
    "The code from the service desk is not right, or it has expired. Call the service desk.",
  ],
  forgotten: ["Mot de passe oublié ?", "Passwort vergessen?", "Forgotten your password?"],
  forgottenWhat: [
    "Appelez le service d’assistance. Il vérifie qui vous êtes et vous donne un code, ou deux codes de deux personnes si votre compte n’a pas de deuxième facteur. Vous choisissez ensuite un nouveau mot de passe.",
    "Rufen Sie den Servicedesk an. Er prüft, wer Sie sind, und gibt Ihnen einen Code, oder zwei Codes von zwei Personen, wenn Ihr Konto keinen zweiten Faktor hat. Danach wählen Sie ein neues Passwort.",
    "Call the service desk. It makes sure who you are and gives you a code, or two codes from two people if your account has no second factor. Then you choose a new password.",
  ],
  secondDeskCode: ["Deuxième code, si vous en avez reçu deux", "Zweiter Code, falls Sie zwei haben", "Second code, if you were given two"],
  wrongForgotten: [
    "L’identifiant ou le code n’est pas correct, un code manque ou a expiré. Appelez le service d’assistance.",
    "Benutzername oder Code stimmt nicht, ein Code fehlt oder ist abgelaufen. Rufen Sie den Servicedesk an.",
    "The user name or the code is not right, or a code is missing or has expired. Call the service desk.",
  ],
  renewTitle: ["Nouveau mot de passe", "Neues Passwort", "New password"],
  renewWhat: [
    "Avec le nouveau mot de passe, tous les appareils sont déconnectés, sauf celui-ci.",
    "Mit dem neuen Passwort werden alle Geräte außer diesem abgemeldet.",
    "With the new password, all devices but this one are signed out.",
  ],
  enrolKey: ["Clé", "Schlüssel", "Key"],
  enrolLink: ["Ouvrir l’application", "App öffnen", "Open the app"],
  recoveryTitle: ["Vos codes de secours", "Ihre Wiederherstellungscodes", "Your recovery codes"],
  recoveryWhy: [
    "Gardez-les en lieu sûr : chacun remplace une fois le deuxième facteur. Ils ne seront plus affichés.",
    "Bewahren Sie sie sicher auf: Jeder ersetzt einmal den zweiten Faktor. Sie werden nicht noch einmal gezeigt.",
    "Keep them in a safe place: each replaces the second factor once. They are not shown again.",
  ],
  choosePatient: ["Quel dossier voulez-vous ouvrir ?", "Welche Akte möchten Sie öffnen?", "Whose record do you want to open?"],
  ownRecord: ["Mon dossier", "Meine Akte", "My own record"],
  wrongPatient: ["Choisissez un dossier.", "Wählen Sie eine Akte.", "Choose a record."],
  consentTitle: ["{0} demande l’accès", "{0} bittet um Zugriff", "{0} asks for access"],
  consentWhat: ["Ce logiciel pourra :", "Diese Software darf dann:", "This software will be able to:"],
  allow: ["Autoriser", "Erlauben", "Allow"],
  refuse: ["Refuser", "Ablehnen", "Refuse"],
  grantIdentity: ["savoir qui vous êtes", "wissen, wer Sie sind", "know who you are"],
  grantOffline: [
    "garder cet accès quand vous êtes absent",
    "den Zugriff behalten, wenn Sie abwesend sind",
    "keep this access while you are away",
  ],
  grantRead: ["lire : {0}", "lesen: {0}", "read: {0}"],
  grantWrite: ["modifier : {0}", "ändern: {0}", "change: {0}"],
  everything: ["tout le dossier", "die ganze Akte", "the whole record"],
  noAccess: [
    "Votre compte ne peut rien donner de ce qui est demandé.",
    "Ihr Konto kann nichts von dem geben, was verlangt wird.",
    "Your account can give nothing of what is asked for.",
  ],
  expired: ["Cette page a expiré", "Diese Seite ist abgelaufen", "This page has expired"],
  expiredWhat: [
    "Retournez au site d’où vous venez et recommencez.",
    "Gehen Sie zu der Seite zurück, von der Sie kamen, und beginnen Sie neu.",
    "Go back to the site you came from and start again.",
  ],
  failed: ["La demande n’a pas abouti", "Die Anfrage ist fehlgeschlagen", "The request did not succeed"],
  signOut: ["Se déconnecter", "Abmelden", "Sign out"],
  signOutAsk: ["Voulez-vous vous déconnecter ?", "Möchten Sie sich abmelden?", "Do you want to sign out?"],
  stay: ["Rester connecté", "Angemeldet bleiben", "Stay signed in"],
  signedOut: ["Vous êtes déconnecté", "Sie sind abgemeldet", "You are signed out"],
  account: ["Mon compte", "Mein Konto", "My account"],
  signedInAs: ["Connecté : {0}", "Angemeldet: {0}", "Signed in: {0}"],
  changePassword: ["Changer de mot de passe", "Passwort ändern", "Change the password"],
  presentPassword: ["Mot de passe actuel", "Jetziges Passwort", "Present password"],
  newPassword: ["Nouveau mot de passe", "Neues Passwort", "New password"],
  newPasswordHint: [
    "Au moins 12 caractères ; une phrase est facile à retenir.",
    "Mindestens 12 Zeichen; ein Satz ist leicht zu merken.",
    "At least 12 characters; a sentence is easy to remember.",
  ],
  weakPassword: [
    "Le nouveau mot de passe doit avoir de 12 à 128 caractères et ne pas contenir l’identifiant.",
    "Das neue Passwort muss 12 bis 128 Zeichen haben und darf den Benutzernamen nicht enthalten.",
    "The new password must have 12 to 128 characters and not contain the user name.",
  ],
  guessedPassword: [
    "Ce mot de passe est parmi les premiers que l’on essaie. Choisissez-en un autre, par exemple quatre mots sans rapport entre eux.",
    "Dieses Passwort gehört zu denen, die zuerst probiert werden. Wählen Sie ein anderes, zum Beispiel vier Wörter, die nichts miteinander zu tun haben.",
    "This password is among those that are tried first. Choose another one, four unrelated words for example.",
  ],
  showPassword: ["Afficher le mot de passe", "Passwort zeigen", "Show the password"],
  software: ["Logiciels qui ont accès", "Programme mit Zugriff", "Software with access"],
  softwareHint: [
    "Retirer un accès prend effet dans le quart d’heure.",
    "Ein entzogener Zugriff endet innerhalb einer Viertelstunde.",
    "Access that is taken back ends within a quarter of an hour.",
  ],
  noSoftware: ["Aucun logiciel n’a accès.", "Kein Programm hat Zugriff.", "No software has access."],
  endAccess: ["Retirer l’accès de {0}", "{0} den Zugriff entziehen", "Take back the access of {0}"],
  accessEnded: ["L’accès est retiré.", "Der Zugriff ist entzogen.", "The access is taken back."],
  passwordChanged: [
    "Le mot de passe est changé. Les autres appareils sont déconnectés.",
    "Das Passwort ist geändert. Andere Geräte sind abgemeldet.",
    "The password is changed. Other devices are signed out.",
  ],
  devices: ["Appareils connectés", "Angemeldete Geräte", "Signed-in devices"],
  thisDevice: ["cet appareil", "dieses Gerät", "this device"],
  since: ["depuis le {0}", "seit {0}", "since {0}"],
  unknownDevice: ["Appareil inconnu", "Unbekanntes Gerät", "Unknown device"],
  signOutOthers: ["Déconnecter tous les autres appareils", "Alle anderen Geräte abmelden", "Sign out all other devices"],
  othersSignedOut: ["Les autres appareils sont déconnectés.", "Die anderen Geräte sind abgemeldet.", "The other devices are signed out."],
  news: ["Changements de votre connexion", "Änderungen an Ihrer Anmeldung", "Changes to how you sign in"],
  newsHint: [
    "Quelque chose que vous n’avez pas fait ? Changez votre mot de passe et déconnectez les autres appareils, puis prévenez le service d’assistance.",
    "Etwas, das Sie nicht waren? Ändern Sie Ihr Passwort und melden Sie die anderen Geräte ab, und sagen Sie es dem Servicedesk.",
    "Something that was not you? Change your password, sign out the other devices, and tell the service desk.",
  ],
  noNews: ["Aucun changement.", "Keine Änderungen.", "No changes."],
  newsNew: ["Nouveau", "Neu", "New"],
  byServiceDesk: ["service d’assistance", "Servicedesk", "service desk"],
  newsNewDevice: ["première connexion depuis un navigateur", "erste Anmeldung mit einem Browser", "first sign-in with a browser"],
  newsPassword: ["mot de passe changé", "Passwort geändert", "password changed"],
  newsTotpAdded: ["application d’authentification ajoutée", "Authentifizierungs-App hinzugefügt", "authenticator app added"],
  newsTotpRemoved: ["application d’authentification retirée", "Authentifizierungs-App entfernt", "authenticator app removed"],
  newsPasskeyAdded: ["clé d’accès ajoutée", "Passkey hinzugefügt", "passkey added"],
  newsPasskeyRemoved: ["clé d’accès retirée", "Passkey entfernt", "passkey removed"],
  newsRecoveryRenewed: ["nouveaux codes de secours", "neue Wiederherstellungscodes", "new recovery codes"],
  newsRecoveryUsed: ["code de secours utilisé", "Wiederherstellungscode benutzt", "recovery code used"],
  newsCodeReused: [
    "un code déjà utilisé a été saisi encore une fois, et refusé",
    "ein schon benutzter Code wurde noch einmal eingegeben und abgelehnt",
    "a code that had been used was entered again, and refused",
  ],
  newsPasswordCode: [
    "code pour un mot de passe oublié donné",
    "Code für ein vergessenes Passwort ausgegeben",
    "code for a forgotten password given out",
  ],
  newsFactorReset: ["deuxième facteur retiré", "zweiter Faktor entfernt", "second factor taken away"],
  factors: ["Deuxième facteur", "Zweiter Faktor", "Second factor"],
  totpOn: ["L’application d’authentification est active.", "Die Authentifizierungs-App ist aktiv.", "The authenticator app is active."],
  addTotp: ["Ajouter une application d’authentification", "Authentifizierungs-App hinzufügen", "Add an authenticator app"],
  removeTotp: ["Retirer l’application d’authentification", "Authentifizierungs-App entfernen", "Remove the authenticator app"],
  lastFactor: [
    "Un professionnel ne peut pas retirer son dernier deuxième facteur.",
    "Fachpersonen können ihren letzten zweiten Faktor nicht entfernen.",
    "A professional cannot remove the last second factor.",
  ],
  passkeys: ["Clés d’accès", "Passkeys", "Passkeys"],
  noPasskeys: ["Aucune clé d’accès.", "Keine Passkeys.", "No passkeys."],
  addPasskey: ["Ajouter une clé d’accès", "Passkey hinzufügen", "Add a passkey"],
  passkeyScript: [
    "Une clé d’accès s’ajoute dans un navigateur avec JavaScript.",
    "Ein Passkey wird in einem Browser mit JavaScript hinzugefügt.",
    "A passkey is added in a browser with JavaScript.",
  ],
  passkeyName: ["Nom de la clé", "Name des Passkeys", "Name of the passkey"],
  removePasskey: ["Retirer {0}", "{0} entfernen", "Remove {0}"],
  recoveryLeft: ["{0} codes de secours restants", "{0} Wiederherstellungscodes übrig", "{0} recovery codes left"],
  newRecovery: ["Nouveaux codes de secours", "Neue Wiederherstellungscodes", "New recovery codes"],
  done: ["C’est fait.", "Erledigt.", "Done."],
  error: ["Erreur", "Fehler", "Error"],
  upstreamFailed: [
    "{0} n’a pas confirmé votre identité, ou aucun compte n’y est lié.",
    "{0} hat Sie nicht bestätigt, oder kein Konto gehört dazu.",
    "{0} did not confirm you, or no account belongs to it.",
  ],
} as const satisfies Record<string, readonly [fr: string, de: string, en: string]>;

export type TextKey = keyof typeof all;
export type Say = (key: TextKey, ...values: readonly (string | number)[]) => string;

const columns: Record<Language, 0 | 1 | 2> = { fr: 0, de: 1, en: 2 };

/** The texts of one language. */
export function speak(language: Language): Say {
  return (key, ...values) =>
    all[key][columns[language]].replace(/\{(\d)\}/g, (_match, index: string) => String(values[Number(index)] ?? ""));
}

/** How long to wait, in words. */
export function waitingTime(say: Say, seconds: number): string {
  return seconds < 120 ? say("seconds", Math.max(1, Math.ceil(seconds))) : say("minutes", Math.ceil(seconds / 60));
}
