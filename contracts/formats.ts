const dateTime =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** The formats that contracts use, for any ajv: RFC 3339, and an address with one "@" and a domain with a dot. */
export const formats = {
  "date-time": (text: string) => {
    const day = dateTime.exec(text)?.[1];
    // Date takes 30 February for 1 March.
    return day !== undefined && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  },
  email: /^[^\s@"(),:;<>[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i,
};
