import { describeLedger } from "../testing/ledger-suite.js";

describeLedger("sqlite", () => undefined);
