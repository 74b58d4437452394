//! Holds the documents against the tables: `docs/settings.md` and `.env.example`.
//!
//! `BLESS=1` rewrites them; read the difference before you commit it.

use super::{Setting, common};
use crate::providers::{asleep, servicetitan};
use std::{env, fmt::Write, fs, path::Path};

fn row(out: &mut String, prefix: &str, setting: &Setting) {
    let default = match (setting.default, setting.required) {
        (Some(default), _) => format!("`{default}`"),
        (None, true) => "required".to_owned(),
        (None, false) => String::new(),
    };
    let kind = if setting.secret { "secret".to_owned() } else { setting.kind.describe() };
    writeln!(out, "| `{prefix}{}` | {kind} | {default} | {} |", setting.name, setting.doc).unwrap();
}

fn markdown() -> String {
    let mut out = String::from(
        "# Settings\n\n\
         A plugin's host answers for these names through `penstock:host/secrets` and `penstock:host/config`; the\n\
         command line takes them from environment variables, files named by `NAME_FILE`, and `.env`; the gateway\n\
         from Spin variables of the same names in lower case. They are read again every minute, and secrets at each\n\
         new token. Everything that is missing or malformed is named at once.\n\n\
         `.env` comes with a folder, perhaps from somebody else. URLs of vendors, `PENSTOCK_STATE_*`, `DATABASE_URL`, `PENSTOCK_ROLE`\n\
         and `PENSTOCK_ALLOW_HTTP` in it are refused while the environment holds credentials that they would apply to: set\n\
         them where the credentials are, or before. `NAME_FILE` in it may name files of its folder only. A file that others than its owner may write is refused too. Lines\n\
         of other programs in it are passed over. `--env-file FILE` reads another one in its place. Settings that cannot be\n\
         read end a command with exit code 2.\n\n\
         ## ServiceTitan, the default account\n\n\
         With `SERVICETITAN_API_ENVIRONMENT=integration`, `SERVICETITAN_INTEGRATION_<NAME>` comes first. A further\n\
         account `north` is set by `PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_<NAME>`, or by `PENSTOCK_ACCOUNT_NORTH_<NAME>`, which is\n\
         refused by name where another vendor with an account `north` has a setting of that name too; it may leave the app key and the environment to the default account, and\n\
         neither its credentials nor its webhook secrets.\n\n\
         Credentials can be changed without a call that fails. Put the new secret into `<NAME>_SECONDARY`, next to\n\
         the old one; revoke the old one at the vendor's; move the new one to `<NAME>`; empty `<NAME>_SECONDARY`.\n\
         When one slot is refused the other is used at once, and stays in use. A secondary slot need hold only what\n\
         changes, and counts only next to a `<NAME>` that is set under the same prefix. Each change of slots is a\n\
         log line `rotation`.\n\n\
         | name | value | default | what it is for |\n|---|---|---|---|\n",
    );
    for setting in servicetitan::settings::SETTINGS.iter().chain(servicetitan::webhooks::SETTINGS) {
        row(&mut out, "SERVICETITAN_", setting);
    }
    out += "\n## Asleep, the default account\n\n\
            An account is a key. A further account `north` is set by `PENSTOCK_ACCOUNT_NORTH_ASLEEP_<NAME>`, or by\n\
            `PENSTOCK_ACCOUNT_NORTH_<NAME>`, as above; it may leave all but the key, its\n\
            age, its environment and its webhook secrets to the default account. While keys change, both slots are used as above: an\n\
            API key that is refused is read again, and the other one is used at once.\n\n\
            | name | value | default | what it is for |\n|---|---|---|---|\n";
    for setting in asleep::settings::SETTINGS.iter().chain(asleep::webhooks::SETTINGS) {
        row(&mut out, "ASLEEP_", setting);
    }
    out += "\n## All vendors\n\n| name | value | default | what it is for |\n|---|---|---|---|\n";
    for setting in common::SETTINGS {
        row(&mut out, "", setting);
    }
    out += EMBEDDING;
    out
}

/// What is read around the component, by the command line, `penstock serve` and the embedding.
const EMBEDDING: &str = "\n## Around the component\n\n\
    The command line, `penstock serve` and `sources::standard` of the embedding know these names of the vendors' guides as well. In\n\
    Spin they are variables of the manifest that nobody reads: set ours.\n\n\
    | name | stands for |\n|---|---|\n\
    | `REDIS_URL` | `PENSTOCK_STATE_URL` |\n\
    | `DEBUG` | `LOG_LEVEL=debug`, where it is true |\n\
    | `CELERY_BROKER_URL` | with `PENSTOCK_CELERY_TASK` a destination of webhooks ([webhooks.md](webhooks.md#in-the-gateway)) |\n\
    | `VAULT_ADDR`, `VAULT_TOKEN` | Vault, with `PENSTOCK_VAULT_SECRET`: [secrets.md](secrets.md) |\n\
    | `LOG_FORMAT` | how `penstock serve` writes its log: `json`, `console` for people, `opentelemetry` or `datadog` |\n\
    | `ENVIRONMENT`, or else `APP_ENV` | what holds where nothing else is set, as below |\n\n\
    | | `development` | `staging` | `production` |\n|---|---|---|---|\n\
    | `LOG_LEVEL` | `debug` | `info` | `info` |\n\
    | `LOG_FORMAT` | `console` | `json` | `json` |\n\
    | `DATABASE_POOL_SIZE` | 5 | 5 | 20 |\n\
    | `SERVICETITAN_API_ENVIRONMENT` | `production` | `integration` | `production` |\n\
    | `ASLEEP_API_ENVIRONMENT` | `live` | `test` | `live` |\n\
    | `PENSTOCK_ALLOW_HTTP` | | | refused |\n\n\
    `dev`, `local`, `test` and `testing` are `development` too, `stage` and `integration` are `staging`, `prod` and `live` are\n\
    `production`; another word there is an error. Whose own name is set is not touched by them.\n";

fn dotenv() -> String {
    let mut out = String::from("# Copy to .env and fill in. docs/settings.md describes each of them.\n\n");
    for setting in servicetitan::settings::SETTINGS.iter().chain(servicetitan::webhooks::SETTINGS) {
        let comment = if setting.required { "" } else { "# " };
        writeln!(out, "{comment}SERVICETITAN_{}={}", setting.name, setting.default.unwrap_or_default())
            .unwrap();
    }
    out.push('\n');
    for setting in asleep::settings::SETTINGS.iter().chain(asleep::webhooks::SETTINGS) {
        // Who has one provider only leaves the other out.
        writeln!(out, "# ASLEEP_{}={}", setting.name, setting.default.unwrap_or_default()).unwrap();
    }
    out.push('\n');
    for setting in common::SETTINGS {
        writeln!(out, "# {}={}", setting.name, setting.default.unwrap_or_default()).unwrap();
    }
    out
}

#[test]
fn the_documents_are_those_of_the_tables() {
    for (file, text) in [("docs/settings.md", markdown()), (".env.example", dotenv())] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if env::var_os("BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&path).unwrap_or_default(),
            text,
            "{file} differs; BLESS=1 rewrites it"
        );
    }
}
