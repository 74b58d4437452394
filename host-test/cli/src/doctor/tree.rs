//! Whether a secret stands in a file that git keeps.

use super::{check::Check, origins::text};
use penstock::{providers::api::Provider, settings::STATE_SECRET};
use penstock_host::sources::Source;
use std::process::Stdio;
use tokio::{io::AsyncWriteExt as _, process::Command};

/// What is shorter is found by chance.
const SHORTEST: usize = 8;

/// Looks for the values of all secrets in the files of this folder that git keeps.
pub(super) async fn check(
    provider: &dyn Provider,
    account: &str,
    environment: &str,
    settings: &dyn Source,
) -> Check {
    let mut secrets = Vec::new();
    let of_account = provider.settings().iter().filter(|setting| setting.secret);
    let names = of_account.map(|setting| provider.setting_names(setting.name, account, environment));
    for names in names.chain([vec![STATE_SECRET.to_owned()], vec!["PENSTOCK_API_KEY".to_owned()]]) {
        secrets.extend(text(settings, &names).await.filter(|secret| secret.len() >= SHORTEST));
    }
    if secrets.is_empty() {
        return Check::skip("working tree", "there are no secrets to look for");
    }
    let secrets = secrets.join("\n");
    // As they are in the folder, and as the next commit would have them.
    let found = match (files_with(&secrets, &[]).await, files_with(&secrets, &["--cached"]).await) {
        (Ok(Some(mut files)), Ok(Some(staged))) => {
            files.extend(staged);
            files.sort_unstable();
            files.dedup();
            Ok(Some(files))
        }
        (Ok(_), other) | (other, _) => other,
    };
    match found {
        Ok(Some(files)) if files.is_empty() => {
            Check::pass("working tree", "no file that git keeps has a secret")
        }
        Ok(Some(files)) => Check::fail(
            "working tree",
            format!("a secret stands in {}", files.join(", ")),
            "take it out of the file and of git's history, and issue another one: it is known to whoever has the repository",
        ),
        Ok(None) => Check::skip("working tree", "this folder is not in a repository of git's"),
        Err(error) => Check::skip("working tree", format!("git cannot be asked: {error}")),
    }
}

/// The files; none where there is no repository. The secrets go to git by a pipe: arguments are seen by everybody.
async fn files_with(secrets: &str, further: &[&str]) -> std::io::Result<Option<Vec<String>>> {
    let mut git = Command::new("git");
    git.arg("grep").args(further).args(["-l", "-z", "-a", "-F", "-f", "-"]);
    git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut git = git.spawn()?;
    if let Some(mut input) = git.stdin.take() {
        input.write_all(secrets.as_bytes()).await?;
    }
    let done = git.wait_with_output().await?;
    match done.status.code() {
        Some(0) => {
            let found = done.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
            Ok(Some(found.map(|name| String::from_utf8_lossy(name).into_owned()).collect()))
        }
        Some(1) => Ok(Some(Vec::new())),
        _ => Ok(None),
    }
}
