//! Ready-made settings for the issuers that people have: where the keys are, and what a token must say.
//!
//! ```no_run
//! use tokenlatch_host::guard::Guard;
//! use tokenlatch_host::profile::Profile;
//!
//! # fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let profile = Profile::auth0("tenant.eu.auth0.com", "https://api.example.com/");
//! let guard = Guard::profile(profile).start()?;
//! # Ok(())
//! # }
//! ```
//!
//! Each profile checks the signature under a key that the issuer publishes, the issuer, and `exp`, `nbf` and
//! `iat`. What else it checks, and what the issuer's own guide asks for beyond that, stands in this table. The
//! row's test is a row of the table in `host/tests/profiles.rs`, which mints the token by the embedded issuer,
//! verifies it by the profile of the same name, and sees every other profile reject it.
//!
//! | profile | in the program | what else it checks | what the issuer's guide asks beyond that | row |
//! |---|---|---|---|---|
//! | [`Profile::auth0`] | `auth0` | `aud` | the `scope` or `permissions` of the call | `auth0` |
//! | [`Profile::atm`] | `atm` | `aud` | nothing | `atm` |
//! | [`Profile::entra`] | `entra` with one `--tenant` | `aud`, `tid`, the issuer of version 1.0 or 2.0 of that tenant, the key's `issuer` | the `scp` or `roles` of the call; `oid` or `sub` for whose data it is | `entra` |
//! | [`Profile::entra_tenants`] | `entra` with several | the same, for a list of tenants | the same | `entra of several tenants` |
//! | [`Profile::entra_any_tenant`] | `entra` without | the same, for any tenant | the same, and that the tenant is a customer | `entra of any tenant` |
//! | [`Profile::cognito`] | `cognito` | `client_id`, no `aud`, `token_use` is `access` | the `scope` of the call, or `cognito:groups` | `cognito` |
//! | [`Profile::cognito_id`] | `cognito-id` | `aud` is the client, `token_use` is `id` | the `nonce` of the login | `cognito-id` |
//! | [`Profile::keycloak`] | `keycloak` with `--audience` | `aud`, the claim `typ` is `Bearer` | roles, in `realm_access` and `resource_access` | `keycloak` |
//! | [`Profile::keycloak_client`] | `keycloak` with `--client` | `azp`, no `aud`, the claim `typ` is `Bearer` | the same | `keycloak of a client` |
//! | [`Profile::okta`] | `okta` | `aud`, a `cid` | the `scp` of the call; the `cid` if one client alone may call | `okta` |
//! | [`Profile::google`] | `google` | `aud`, both spellings of the issuer, a `sub` | `hd`, if one organization alone may log in; the `nonce` | `google` |
//! | [`Profile::github`] | `github` | `aud`, `repository` | `ref`, `environment` or `job_workflow_ref`, if not every branch may | `github` |
//! | [`Profile::gitlab`] | `gitlab` | `aud`, `project_path` | `ref_protected` or `environment`, if not every branch may | `gitlab` |
//! | [`Profile::kubernetes`] | `kubernetes` | `aud`, a `kubernetes.io` | `sub`; that the pod still exists, which the TokenReview API alone knows | `kubernetes` |
//! | [`Profile::firebase`] | `firebase` | `aud` is the project, a `sub`, an `auth_time` | that `auth_time` is past; revocation, which the Admin SDK alone knows | `firebase` |
//! | [`Profile::adfs`] | `adfs` | `aud`, an `appid` | the `scp` of the call | `adfs` |
//! | [`Profile::rfc9068`] | `rfc9068` | `aud`, `typ` is `at+jwt`, `sub`, `client_id`, `iat`, `jti` | the `scope` of the call | `rfc9068` |
//!
//! A profile's [`policy`](Profile::policy) may ask for more, such as scopes. The keys may be elsewhere
//! ([`keys`](Profile::keys)), and the issuer at another origin ([`Profile::at`]).

mod name;

use crate::http::HttpClient;
use crate::key_set::{HttpSource, SourceError};
use crate::policy::PolicySettings;

pub use self::name::{ProfileName, UnknownProfile};

/// Ready-made settings for an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// Where the key set is.
    pub keys: KeyPlace,
    /// What a token must say.
    pub policy: PolicySettings,
}

/// Where a key set is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPlace {
    /// At this URL ([`HttpSource::url`]).
    Url(String),
    /// Where the metadata of this issuer says ([`HttpSource::issuer`]).
    Issuer(String),
    /// Where the metadata at a URL says ([`HttpSource::metadata`]).
    Metadata {
        /// The URL of the metadata.
        url: String,
        /// The issuer that it must name.
        issuer: String,
    },
}

impl KeyPlace {
    /// The source of the key set.
    ///
    /// # Errors
    ///
    /// Those of the constructors of [`HttpSource`].
    pub fn source(&self, client: HttpClient) -> Result<HttpSource, SourceError> {
        match self {
            Self::Url(url) => HttpSource::url(url, client),
            Self::Issuer(issuer) => HttpSource::issuer(issuer, client),
            Self::Metadata { url, issuer } => HttpSource::metadata(url, issuer, client),
        }
    }
}

impl Profile {
    /// Access tokens of Auth0 for an API. `domain` is the tenant's domain, such as `tenant.eu.auth0.com`, or
    /// its URL.
    #[must_use]
    pub fn auth0(domain: &str, audience: &str) -> Self {
        let issuer = format!("{}/", url(domain));
        Self::of_issuer(PolicySettings::new(issuer, audience))
    }

    /// Access tokens of ATM, whose issuer is [`ATM_ISSUER`]. `host` is the server's host or URL.
    #[must_use]
    pub fn atm(host: &str, audience: &str) -> Self {
        Self {
            keys: KeyPlace::Url(format!("{}/auth/.well-known/jwks.json", url(host))),
            policy: PolicySettings::new(ATM_ISSUER, audience),
        }
    }

    /// Access tokens of Microsoft Entra ID, of one tenant. `tenant` is its GUID; `audience` is the identifier
    /// of the application or its URI, as the API's registration says.
    #[must_use]
    pub fn entra(tenant: &str, audience: &str) -> Self {
        let mut profile = Self::entra_tenants(&[tenant], audience);
        profile.keys = KeyPlace::Issuer(ENTRA.replace("{tenantid}", tenant));
        profile
    }

    /// Access tokens of Microsoft Entra ID, of these tenants.
    #[must_use]
    pub fn entra_tenants(tenants: &[&str], audience: &str) -> Self {
        let mut profile = Self::entra_any_tenant(audience);
        profile.policy.tenants = tenants.iter().copied().map(String::from).collect();
        profile
    }

    /// Access tokens of Microsoft Entra ID, of any tenant: anybody can have one.
    #[must_use]
    pub fn entra_any_tenant(audience: &str) -> Self {
        let templates = [ENTRA, ENTRA_VERSION_1].map(String::from).to_vec();
        Self {
            keys: KeyPlace::Issuer(ENTRA.replace("{tenantid}", "common")),
            policy: PolicySettings::for_tenants(templates, audience),
        }
    }

    /// Access tokens of Amazon Cognito for a client. `pool` is the user pool's identifier, such as
    /// `eu-west-1_AbCdEf123`, or its issuer's URL.
    #[must_use]
    pub fn cognito(pool: &str, client: &str) -> Self {
        let mut policy = PolicySettings::for_client(cognito_issuer(pool), client);
        policy.require_claim(&["token_use"], "access");
        Self::of_issuer(policy)
    }

    /// ID tokens of Amazon Cognito for a client. `pool` is as in [`cognito`](Self::cognito).
    #[must_use]
    pub fn cognito_id(pool: &str, client: &str) -> Self {
        let mut policy = PolicySettings::new(cognito_issuer(pool), client);
        policy.require_claim(&["token_use"], "id");
        Self::of_issuer(policy)
    }

    /// Access tokens of Keycloak for an audience, which an audience mapper adds. `realm` is the realm's URL,
    /// such as `https://sso.example.com/realms/demo`.
    #[must_use]
    pub fn keycloak(realm: &str, audience: &str) -> Self {
        let mut policy = PolicySettings::new(realm, audience);
        policy.require_claim(&["typ"], "Bearer");
        Self::of_issuer(policy)
    }

    /// Access tokens of Keycloak without an audience, for a client (`azp`). `realm` is as in
    /// [`keycloak`](Self::keycloak).
    #[must_use]
    pub fn keycloak_client(realm: &str, client: &str) -> Self {
        let mut policy = PolicySettings::for_client(realm, client);
        policy.require_claim(&["typ"], "Bearer");
        Self::of_issuer(policy)
    }

    /// Access tokens of Okta. `issuer` is the authorization server's URL, such as
    /// `https://dev-1.okta.com/oauth2/default`.
    #[must_use]
    pub fn okta(issuer: &str, audience: &str) -> Self {
        let mut policy = PolicySettings::new(issuer, audience);
        policy.claims.push("cid".into());
        Self::of_issuer(policy)
    }

    /// ID tokens of Google for a client, such as `….apps.googleusercontent.com`.
    #[must_use]
    pub fn google(client: &str) -> Self {
        let mut policy = PolicySettings::new("https://accounts.google.com", client);
        policy.claims.push("sub".into());
        let mut profile = Self::of_issuer(policy);
        profile.policy.issuers.push("accounts.google.com".into());
        profile
    }

    /// ID tokens of GitHub Actions, of the workflows of a repository, such as `octo/door`.
    #[must_use]
    pub fn github(repository: &str, audience: &str) -> Self {
        let issuer = "https://token.actions.githubusercontent.com";
        let mut policy = PolicySettings::new(issuer, audience);
        policy.require_claim(&["repository"], repository);
        Self::of_issuer(policy)
    }

    /// ID tokens of GitLab CI/CD, of the jobs of a project, such as `octo/door`. `host` is the server's host,
    /// such as `gitlab.com`, or its URL.
    #[must_use]
    pub fn gitlab(host: &str, project: &str, audience: &str) -> Self {
        let mut policy = PolicySettings::new(url(host), audience);
        policy.require_claim(&["project_path"], project);
        Self::of_issuer(policy)
    }

    /// Tokens of Kubernetes' service accounts, projected for an audience. `issuer` is the cluster's
    /// (`--service-account-issuer`).
    ///
    /// Many clusters give their metadata only to those who are authorized: then the client needs the cluster's
    /// root certificate and a token in `Authorization`.
    #[must_use]
    pub fn kubernetes(issuer: &str, audience: &str) -> Self {
        let mut policy = PolicySettings::new(issuer, audience);
        policy.claims.push("kubernetes.io".into());
        Self::of_issuer(policy)
    }

    /// ID tokens of Firebase Authentication. `project` is the project's identifier.
    #[must_use]
    pub fn firebase(project: &str) -> Self {
        let issuer = format!("https://securetoken.google.com/{project}");
        let mut policy = PolicySettings::new(issuer, project);
        policy.claims = ["sub", "auth_time"].map(String::from).to_vec();
        Self::of_issuer(policy)
    }

    /// Access tokens of Active Directory Federation Services. `host` is the server's host or URL. Its tokens
    /// name `https://HOST/adfs` or `http://HOST/adfs/services/trust` as their issuer.
    #[must_use]
    pub fn adfs(host: &str, audience: &str) -> Self {
        let origin = url(host);
        let origin = origin.strip_suffix("/adfs").unwrap_or(&origin);
        let mut policy = PolicySettings::new(format!("{origin}/adfs"), audience);
        policy.claims.push("appid".into());
        let mut profile = Self::of_issuer(policy);
        if let Some(host) = origin.strip_prefix("https://") {
            let trust = format!("http://{host}/adfs/services/trust");
            profile.policy.issuers.push(trust);
        }
        profile
    }

    /// Access tokens as RFC 9068 has them ([`Policy::rfc9068`](tokenlatch::Policy::rfc9068)).
    #[must_use]
    pub fn rfc9068(issuer: &str, audience: &str) -> Self {
        let mut policy = PolicySettings::new(issuer, audience);
        policy.token_type = Some("at+jwt".into());
        policy.claims = ["sub", "client_id", "iat", "jti"]
            .map(String::from)
            .to_vec();
        Self::of_issuer(policy)
    }

    /// Any other issuer: its keys are where its metadata says.
    #[must_use]
    pub fn of_issuer(policy: PolicySettings) -> Self {
        let mut issuers = policy.issuers.iter().chain(&policy.issuer_templates);
        let issuer = issuers.next().cloned().unwrap_or_default();
        Self {
            keys: KeyPlace::Issuer(issuer),
            policy,
        }
    }

    /// The same issuer at another origin, such as `https://login.microsoftonline.us`, a GitHub Enterprise
    /// Server, or the embedded issuer of a test. The paths stay, and issuers without a scheme are left out.
    #[must_use]
    pub fn at(mut self, origin: &str) -> Self {
        let origin = origin.strip_suffix('/').unwrap_or(origin);
        let moved = |url: &String| {
            let (_, rest) = url.split_once("://")?;
            let path = rest.find('/').and_then(|at| rest.get(at..));
            Some(format!("{origin}{}", path.unwrap_or_default()))
        };
        let all = |urls: &[String]| urls.iter().filter_map(moved).collect();
        // ATM's issuer is not a URL.
        if self
            .policy
            .issuers
            .iter()
            .any(|issuer| moved(issuer).is_some())
        {
            self.policy.issuers = all(&self.policy.issuers);
        }
        self.policy.issuer_templates = all(&self.policy.issuer_templates);
        match &mut self.keys {
            KeyPlace::Url(url) | KeyPlace::Issuer(url) => *url = moved(url).unwrap_or_default(),
            KeyPlace::Metadata { url, issuer } => {
                *url = moved(url).unwrap_or_default();
                *issuer = moved(issuer).unwrap_or_default();
            }
        }
        self
    }

    /// Requires these scopes, too.
    #[must_use]
    pub fn require_scopes(mut self, scopes: &[&str]) -> Self {
        let scopes = scopes.iter().copied().map(String::from);
        self.policy.scopes.extend(scopes);
        self
    }
}

/// The `iss` of ATM's tokens.
pub const ATM_ISSUER: &str = "atm";

/// Entra's issuers of version 2.0.
const ENTRA: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";

/// Entra's issuers of version 1.0.
const ENTRA_VERSION_1: &str = "https://sts.windows.net/{tenantid}/";

/// A host as an `https` URL, or the URL that it is; without a final slash.
fn url(host: &str) -> String {
    let host = host.strip_suffix('/').unwrap_or(host);
    if host.contains("://") {
        host.into()
    } else {
        format!("https://{host}")
    }
}

/// The issuer of a user pool.
fn cognito_issuer(pool: &str) -> String {
    if pool.contains("://") {
        return pool.into();
    }
    let (region, _) = pool.split_once('_').unwrap_or((pool, ""));
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    format!("https://cognito-idp.{region}.{domain}/{pool}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::OwnedPolicy;

    #[test]
    fn issuers_are_spelled_as_their_tokens_spell_them() {
        for (profile, issuers, keys) in [
            (
                Profile::auth0("tenant.eu.auth0.com", "a"),
                &["https://tenant.eu.auth0.com/"][..],
                "https://tenant.eu.auth0.com/",
            ),
            (
                Profile::auth0("https://tenant.eu.auth0.com/", "a"),
                &["https://tenant.eu.auth0.com/"],
                "https://tenant.eu.auth0.com/",
            ),
            (
                Profile::atm("atm.example.com", "a"),
                &["atm"],
                "https://atm.example.com/auth/.well-known/jwks.json",
            ),
            (
                Profile::entra("t", "a"),
                &[],
                "https://login.microsoftonline.com/t/v2.0",
            ),
            (
                Profile::entra_any_tenant("a").at("https://login.microsoftonline.us/"),
                &[],
                "https://login.microsoftonline.us/common/v2.0",
            ),
            (
                Profile::cognito("eu-west-1_AbCdEf123", "c"),
                &["https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123"],
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123",
            ),
            (
                Profile::cognito_id("cn-north-1_A", "c"),
                &["https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A"],
                "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A",
            ),
            (
                Profile::google("c"),
                &["https://accounts.google.com", "accounts.google.com"],
                "https://accounts.google.com",
            ),
            (
                Profile::google("c").at("http://127.0.0.1:1"),
                &["http://127.0.0.1:1"],
                "http://127.0.0.1:1",
            ),
            (
                Profile::gitlab("gitlab.com", "octo/door", "a"),
                &["https://gitlab.com"],
                "https://gitlab.com",
            ),
            (
                Profile::firebase("p"),
                &["https://securetoken.google.com/p"],
                "https://securetoken.google.com/p",
            ),
            (
                Profile::adfs("adfs.example.com", "a"),
                &[
                    "https://adfs.example.com/adfs",
                    "http://adfs.example.com/adfs/services/trust",
                ],
                "https://adfs.example.com/adfs",
            ),
            (
                Profile::adfs("http://127.0.0.1:1/adfs", "a"),
                &["http://127.0.0.1:1/adfs"],
                "http://127.0.0.1:1/adfs",
            ),
            (
                Profile::atm("a", "a").at("http://127.0.0.1:1"),
                &["atm"],
                "http://127.0.0.1:1/auth/.well-known/jwks.json",
            ),
        ] {
            assert_eq!(profile.policy.issuers, issuers);
            let (KeyPlace::Url(place) | KeyPlace::Issuer(place)) = &profile.keys else {
                panic!("no profile has its metadata elsewhere");
            };
            assert_eq!(place, keys);
            profile.keys.source(HttpClient::default()).unwrap();
            OwnedPolicy::new(profile.policy).unwrap();
        }
    }
}
