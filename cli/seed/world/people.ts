import { createDice, mix } from "./dice.js";
import { firstNames, lastNames } from "./names.js";

export interface Person {
  readonly name: string;
  readonly email: string;
  /** Eleven digits. */
  readonly cpf: string;
}

/** @param index from 0; nobody else has the same email or CPF */
export function makePerson(randomSeed: number, index: number): Person {
  const dice = createDice(mix(mix(randomSeed) ^ ~index));
  const first = dice.pick(firstNames);
  const last = dice.pick(lastNames);
  const email = `${fold(first)}.${fold(last)}${index + 1}@example.com`;
  return { name: `${first} ${last}`, email, cpf: makeCpf(mix(randomSeed) + index) };
}

function fold(name: string): string {
  return name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The numbers of eight digits in another order. */
const scatter = 38_742_049;
const eightDigits = 100_000_000;

function makeCpf(number: number): string {
  const scattered = Number((BigInt(number) * BigInt(scatter)) % BigInt(eightDigits));
  const eight = String(scattered).padStart(8, "0");
  // Another digit than the one before: a CPF of equal digits is none.
  const nine = eight + ((Number(eight[7]) + 3) % 10);
  const ten = nine + checkDigit(nine);
  return ten + checkDigit(ten);
}

/** Weights from 2 at the last digit upwards; the rest of ten times their sum by 11, and 0 for 10. */
function checkDigit(digits: string): number {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    sum += Number(digits[index]) * (digits.length + 1 - index);
  }
  return ((sum * 10) % 11) % 10;
}
