//! Who gives tokens for a vault, by the vault's own word.
//! <https://learn.microsoft.com/en-us/azure/key-vault/general/authentication-requests-and-responses>

use crate::sources::HostError;

/// What a vault answers to a request without a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    /// `https://login.microsoftonline.com/<tenant>`.
    pub(super) authority: String,
    /// `https://vault.azure.net`.
    pub(super) resource: String,
}

impl Challenge {
    /// Reads `WWW-Authenticate`. A resource that is not the vault's own domain is refused: the token for it would be
    /// given to a stranger.
    pub(super) fn parse(header: &str, vault: &str) -> Result<Self, HostError> {
        let failed = |why: &str| HostError::Failed(format!("it refuses to say who gives tokens: {why}"));
        let (scheme, parameters) = header.trim().split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(failed("its challenge is not of Bearer"));
        }
        let find = |wanted: &[&str]| {
            parameters.split(',').find_map(|parameter| {
                let (name, value) = parameter.trim().split_once('=')?;
                let is_it = wanted.iter().any(|wanted| name.trim().eq_ignore_ascii_case(wanted));
                is_it.then(|| value.trim().trim_matches('"').trim_end_matches('/').to_owned())
            })
        };
        let authority =
            find(&["authorization", "authorization_uri"]).ok_or_else(|| failed("it names no authority"))?;
        let resource = find(&["resource", "scope"]).ok_or_else(|| failed("it names no resource"))?;
        let resource = resource.strip_suffix("/.default").map_or(resource.clone(), str::to_owned);
        let (ours, theirs) = (host(vault), host(&resource));
        let is_within = |ours: &str, theirs: &str| ours == theirs || ours.ends_with(&format!(".{theirs}"));
        match (ours, theirs) {
            (Some(ours), Some(theirs)) if is_within(&ours, &theirs) => Ok(Self { authority, resource }),
            _ => Err(HostError::Denied("its challenge is for another domain than its own".to_owned())),
        }
    }
}

/// The host of a URL of HTTPS.
pub(super) fn host(url: &str) -> Option<String> {
    let uri = url.parse::<http::Uri>().ok().filter(|uri| uri.scheme_str() == Some("https"))?;
    uri.host().map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str = "https://north.vault.azure.net";

    #[test]
    fn a_challenge_says_who_gives_tokens() {
        let told = "Bearer authorization=\"https://login.example/t1\", resource=\"https://vault.azure.net\"";
        let challenge = Challenge::parse(told, VAULT).unwrap();
        assert_eq!(challenge.authority, "https://login.example/t1");
        assert_eq!(challenge.resource, "https://vault.azure.net");
        let scope = "Bearer authorization_uri=\"https://l/t\",scope=\"https://vault.azure.net/.default\"";
        assert_eq!(Challenge::parse(scope, VAULT).unwrap().resource, "https://vault.azure.net");
    }

    #[test]
    fn a_challenge_for_another_domain_is_refused() {
        for resource in
            ["https://management.azure.com", "https://ault.azure.net", "http://vault.azure.net", "x"]
        {
            let told = format!("Bearer authorization=\"https://login.example/t1\", resource=\"{resource}\"");
            let refused = Challenge::parse(&told, VAULT);
            assert!(matches!(refused, Err(HostError::Denied(_))), "{resource}: {refused:?}");
        }
        for told in ["", "Basic realm=\"x\"", "Bearer", "Bearer resource=\"https://vault.azure.net\""] {
            assert!(matches!(Challenge::parse(told, VAULT), Err(HostError::Failed(_))), "{told}");
        }
    }
}
