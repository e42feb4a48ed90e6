//! The arguments that say what a token must say.

use std::time::Duration;

use clap::builder::TypedValueParser;
use tokenlatch_host::policy::{OwnedValue, PolicySettings};
use tokenlatch_host::profile::{Profile, ProfileName};

use crate::failure::Failure;

#[derive(clap::Args)]
pub(crate) struct PolicyOptions {
    /// The issuer to accept (`iss`); may be repeated with other spellings of it, for they share one key set [default:
    /// that of --discover]
    #[arg(long)]
    pub(crate) issuer: Vec<String>,
    /// The issuers of many tenants to accept: a text with {tenantid}, which the token's tid completes; may be
    /// repeated
    #[arg(long, value_name = "TEXT")]
    pub(crate) issuer_template: Vec<String>,
    /// A tenant to accept of --issuer-template or --profile entra; may be repeated [default: any]
    #[arg(long)]
    tenant: Vec<String>,
    /// An audience to accept (`aud`); may be repeated
    #[arg(long)]
    audience: Vec<String>,
    /// The client to accept (azp, client_id, cid or appid). Without --audience, only tokens that have no
    /// audience are accepted
    #[arg(long)]
    client: Option<String>,
    /// The scopes to require (scope or scp), separated by spaces; may be repeated
    #[arg(long)]
    scope: Vec<String>,
    /// A claim to require, with its value; or a list that has it. Names of nested claims are separated by / (a /
    /// within a name is ~1, and ~ is ~0, as in RFC 6901); may be repeated
    #[arg(long, value_name = "PATH=VALUE", value_parser = clap::builder::StringValueParser::new().try_map(|text| Claim::parse(&text)))]
    claim: Vec<Claim>,
    /// The type to require (`typ` of the header), such as at+jwt
    #[arg(long = "type", value_name = "TYPE")]
    token_type: Option<String>,
    /// What to check, and where the keys are, for an issuer of this kind. The arguments above and below add to
    /// it
    #[arg(long, value_name = "NAME", value_parser = profile_names())]
    profile: Option<ProfileName>,
    /// How much the clocks of the issuer and of this machine may differ
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    leeway: u32,
}

/// A claim's path and value.
#[derive(Clone)]
struct Claim {
    path: Vec<String>,
    value: String,
}

impl PolicyOptions {
    /// The profile that these arguments name, if they name one, with what else they ask for.
    ///
    /// `discovered` is the issuer whose metadata gives the keys.
    pub(crate) fn settings(
        &self,
        discovered: Option<&str>,
    ) -> Result<(Option<Profile>, PolicySettings), Failure> {
        let Some(name) = self.profile else {
            return Ok((None, self.own_settings(discovered)?));
        };
        let profile = self.profile(name, discovered)?;
        let mut settings = profile.policy.clone();
        for audience in &self.audience {
            if !settings.audiences.contains(audience) {
                settings.audiences.push(audience.clone());
            }
        }
        settings.client = settings.client.or_else(|| self.client.clone());
        self.add_to(&mut settings);
        Ok((Some(profile), settings))
    }

    fn own_settings(&self, discovered: Option<&str>) -> Result<PolicySettings, Failure> {
        let mut settings = PolicySettings::default();
        settings.issuers.clone_from(&self.issuer);
        settings.issuer_templates.clone_from(&self.issuer_template);
        settings.tenants.clone_from(&self.tenant);
        settings.audiences.clone_from(&self.audience);
        settings.client.clone_from(&self.client);
        if settings.issuers.is_empty() && settings.issuer_templates.is_empty() {
            let issuer = discovered.ok_or(Failure::Usage(
                "which issuer? Give --issuer, --issuer-template, --discover or --profile".into(),
            ))?;
            settings.issuers.push(issuer.into());
        }
        if settings.audiences.is_empty() && settings.client.is_none() {
            let message = "for whom are the tokens? Give --audience, or --client for tokens that \
                           have no audience";
            return Err(Failure::Usage(message.into()));
        }
        self.add_to(&mut settings);
        Ok(settings)
    }

    fn add_to(&self, settings: &mut PolicySettings) {
        let scopes = self
            .scope
            .iter()
            .flat_map(|scopes| scopes.split_whitespace());
        settings.scopes.extend(scopes.map(String::from));
        for Claim { path, value } in &self.claim {
            let value = (path.clone(), OwnedValue::Written(value.clone()));
            settings.values.push(value);
        }
        if self.token_type.is_some() {
            settings.token_type.clone_from(&self.token_type);
        }
        settings.leeway = Duration::from_secs(self.leeway.into());
    }

    fn profile(&self, name: ProfileName, discovered: Option<&str>) -> Result<Profile, Failure> {
        let needs = |what: &str| Failure::Usage(format!("--profile {name} needs {what}"));
        let takes = |what: &str| Failure::Usage(format!("--profile {name} takes {what}"));
        if self.issuer.len() > 1 {
            return Err(takes("only one --issuer"));
        }
        if !self.issuer_template.is_empty() {
            return Err(takes("no --issuer-template"));
        }
        if !self.tenant.is_empty() && name != ProfileName::Entra {
            return Err(takes("no --tenant"));
        }
        let issuer = self.issuer.first().map(String::as_str).or(discovered);
        let server = || issuer.ok_or_else(|| needs("--issuer: the server's host or URL"));
        let whole_issuer = || issuer.ok_or_else(|| needs("--issuer: the issuer's URL"));
        let audience = || self.audience.first().ok_or_else(|| needs("--audience"));
        let client = || self.client.as_ref().ok_or_else(|| needs("--client"));
        let value_of = |claim: &str, example: &str| {
            let mut claims = self.claim.iter();
            let found = claims.find(|it| it.path == [claim]).map(|it| &it.value);
            found.ok_or_else(|| needs(&format!("--claim {claim}={example}")))
        };
        let at = |profile: Profile| match issuer {
            Some(issuer) => profile.at(origin(issuer)),
            None => profile,
        };
        Ok(match name {
            ProfileName::Auth0 => Profile::auth0(server()?, audience()?),
            ProfileName::Atm => Profile::atm(server()?, audience()?),
            ProfileName::Entra => at(match self.tenant.as_slice() {
                [] => Profile::entra_any_tenant(audience()?),
                [tenant] => Profile::entra(tenant, audience()?),
                tenants => {
                    let tenants: Vec<_> = tenants.iter().map(String::as_str).collect();
                    Profile::entra_tenants(&tenants, audience()?)
                }
            }),
            ProfileName::Cognito => Profile::cognito(whole_issuer()?, client()?),
            ProfileName::CognitoId => {
                let client = self.audience.first();
                let client = client.ok_or_else(|| needs("--audience: the client"))?;
                Profile::cognito_id(whole_issuer()?, client)
            }
            ProfileName::Keycloak => match (&self.audience[..], &self.client) {
                ([audience, ..], _) => Profile::keycloak(whole_issuer()?, audience),
                ([], Some(client)) => Profile::keycloak_client(whole_issuer()?, client),
                ([], None) => return Err(needs("--audience, or --client for tokens without one")),
            },
            ProfileName::Okta => Profile::okta(whole_issuer()?, audience()?),
            ProfileName::Google => at(Profile::google(audience()?)),
            ProfileName::GitHub => {
                let repository = value_of("repository", "OWNER/NAME")?;
                at(Profile::github(repository, audience()?))
            }
            ProfileName::GitLab => {
                let project = value_of("project_path", "GROUP/NAME")?;
                Profile::gitlab(issuer.unwrap_or("gitlab.com"), project, audience()?)
            }
            ProfileName::Kubernetes => Profile::kubernetes(whole_issuer()?, audience()?),
            ProfileName::Firebase => at(Profile::firebase(audience()?)),
            ProfileName::AdFs => Profile::adfs(server()?, audience()?),
            ProfileName::Rfc9068 => Profile::rfc9068(whole_issuer()?, audience()?),
            _ => {
                return Err(Failure::Usage(format!(
                    "--profile {name} is not for verifying"
                )));
            }
        })
    }
}

/// The names of the profiles, as values of an argument.
pub(crate) fn profile_names() -> impl TypedValueParser<Value = ProfileName> {
    let names = ProfileName::ALL.iter().map(|name| name.as_str());
    clap::builder::PossibleValuesParser::new(names).try_map(|name| name.parse::<ProfileName>())
}

impl Claim {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (path, value) = text.split_once('=').ok_or("not PATH=VALUE")?;
        Ok(Self {
            path: claim_path(path),
            value: value.into(),
        })
    }
}

/// The names on the way to a nested claim: a JSON Pointer (RFC 6901), whose first slash may be missing.
pub(crate) fn claim_path(text: &str) -> Vec<String> {
    let path = text.strip_prefix('/').unwrap_or(text);
    let name = |name: &str| name.replace("~1", "/").replace("~0", "~");
    path.split('/').map(name).collect()
}

/// The scheme and host of a URL, or all of a text that is none.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + "://".len());
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_has_a_path_and_a_value() {
        for (text, path, value) in [
            ("token_use=access", &["token_use"][..], "access"),
            ("a/b=c/d=e", &["a", "b"], "c/d=e"),
            ("/a/b=", &["a", "b"], ""),
            ("https:~1~1a.example~1~01=x", &["https://a.example/~1"], "x"),
            (
                "kubernetes.io/namespace=ns",
                &["kubernetes.io", "namespace"],
                "ns",
            ),
        ] {
            let claim = Claim::parse(text).unwrap();
            assert_eq!(
                (claim.path.as_slice(), claim.value.as_str()),
                (
                    path.iter()
                        .copied()
                        .map(String::from)
                        .collect::<Vec<_>>()
                        .as_slice(),
                    value,
                )
            );
        }
        assert!(Claim::parse("token_use").is_err());
    }

    #[test]
    fn an_origin_ends_before_the_path() {
        for (url, expected) in [
            ("https://a.example/b/c", "https://a.example"),
            ("http://127.0.0.1:1", "http://127.0.0.1:1"),
            ("a.example/b", "a.example"),
        ] {
            assert_eq!(origin(url), expected);
        }
    }
}
