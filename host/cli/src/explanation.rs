//! What was asked for, and what a token says: side by side, for people.

use std::fmt::Write;

use tokenlatch::json::{Object, Value};
use tokenlatch_host::policy::{OwnedValue, PolicySettings};

use crate::date::date_from;
use crate::decoded::{Decoded, quoted, seconds, written};

/// A line for each thing that the settings ask for, and for each date.
///
/// It explains a verdict and gives none: it reads the token without verifying it.
pub(crate) fn explanation(token: &[u8], settings: &PolicySettings, now: u64) -> String {
    let decoded = match Decoded::new(token) {
        Ok(decoded) => decoded,
        Err(error) => return format!("  the token cannot be decoded: {error}\n"),
    };
    let (header, claims) = match (decoded.header(), decoded.claims()) {
        (Ok(header), Ok(claims)) => (header, claims),
        (Err(error), _) => return format!("  the header cannot be read: {error}\n"),
        (_, Err(error)) => return format!("  the claims cannot be read: {error}\n"),
    };
    let mut lines = Lines(String::new());
    lines.issuer(settings, claims);
    let audiences = &settings.audiences;
    let wanted = if audiences.is_empty() {
        "none, for a client alone".into()
    } else {
        any_of(audiences)
    };
    lines.add("audience (aud)", &wanted, &found(claims.get("aud")));
    if let Some(token_type) = &settings.token_type {
        lines.add("type (typ)", &quoted(token_type), &found(header.get("typ")));
    }
    if let Some(subject) = &settings.subject {
        lines.add("subject (sub)", &quoted(subject), &found(claims.get("sub")));
    }
    lines.client(settings, claims);
    lines.scopes(settings, claims);
    for name in &settings.claims {
        lines.add(&quoted(name), "any value", &found(claims.get(name)));
    }
    for (path, value) in &settings.values {
        let path: Vec<_> = path.iter().map(String::as_str).collect();
        let wanted = match value {
            OwnedValue::Text(text) | OwnedValue::Written(text) => quoted(text),
            OwnedValue::Number(number) => number.to_string(),
            OwnedValue::Bool(value) => value.to_string(),
            _ => "a value".into(),
        };
        lines.add(&quoted(&path.join("/")), &wanted, &found(claims.at(&path)));
    }
    lines.dates(settings, claims, now);
    let key = header.get("kid").or_else(|| header.get("x5t"));
    lines.add("key (kid)", "one of the key set", &found(key));
    lines.0
}

struct Lines(String);

impl Lines {
    fn add(&mut self, what: &str, wanted: &str, found: &str) {
        self.line(what, &format!("wanted {wanted}; found {found}"));
    }

    fn line(&mut self, what: &str, text: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "  {what}: {text}");
    }

    fn issuer(&mut self, settings: &PolicySettings, claims: Object<'_>) {
        let issuer = claims.get("iss");
        let mut wanted = settings.issuers.clone();
        wanted.extend(settings.issuer_templates.iter().cloned());
        let mut shown = found(issuer);
        let text = issuer.and_then(Value::as_text).map(|text| text.to_string());
        let is_other = |text: &String| !wanted.contains(text);
        if let Some(text) = text.filter(is_other) {
            if wanted.contains(&format!("{text}/")) {
                shown += ", without the final slash";
            } else if wanted.iter().any(|it| format!("{it}/") == text) {
                shown += ", with a slash at the end";
            }
        }
        self.add("issuer (iss)", &any_of(&wanted), &shown);
        if !settings.issuer_templates.is_empty() {
            let wanted = if settings.tenants.is_empty() {
                "any".into()
            } else {
                any_of(&settings.tenants)
            };
            self.add("tenant (tid)", &wanted, &found(claims.get("tid")));
        }
    }

    fn client(&mut self, settings: &PolicySettings, claims: Object<'_>) {
        let Some(client) = &settings.client else {
            return;
        };
        let names = ["azp", "client_id", "cid", "appid"];
        let mut present = names
            .iter()
            .filter_map(|name| Some((name, claims.get(name)?)));
        let found = match present.next() {
            Some((name, value)) => format!("{} in {name}", written(value)),
            None => "none".into(),
        };
        self.add("client", &quoted(client), &found);
    }

    fn scopes(&mut self, settings: &PolicySettings, claims: Object<'_>) {
        if settings.scopes.is_empty() {
            return;
        }
        let values = ["scope", "scp"]
            .into_iter()
            .filter_map(|name| claims.get(name));
        let found: Vec<String> = values
            .flat_map(Value::texts)
            .flat_map(|text| {
                let text = text.to_string();
                text.split(' ').map(String::from).collect::<Vec<_>>()
            })
            .filter(|scope| !scope.is_empty())
            .collect();
        let missing = settings
            .scopes
            .iter()
            .filter(|scope| !found.contains(scope));
        let missing: Vec<_> = missing.map(|scope| quoted(scope)).collect();
        let mut shown = all_of(&found);
        if !missing.is_empty() {
            shown += &format!(", without {}", missing.join(", "));
        }
        self.add("scope", &all_of(&settings.scopes), &shown);
    }

    fn dates(&mut self, settings: &PolicySettings, claims: Object<'_>, now: u64) {
        let leeway = settings.leeway.as_secs();
        self.line("the present", &date_from(now, now));
        for (name, what) in [
            ("iat", "issued (iat)"),
            ("nbf", "not before (nbf)"),
            ("exp", "expires (exp)"),
        ] {
            let found = match claims.get(name) {
                None if name == "exp" => "wanted; found none".into(),
                None => continue,
                Some(value) => match seconds(value) {
                    Some(seconds) => {
                        let is_past = seconds.saturating_add(leeway) <= now;
                        let expired = if name == "exp" && is_past {
                            ": expired"
                        } else {
                            ""
                        };
                        format!("{}{expired}", date_from(seconds, now))
                    }
                    None => format!("{} is not a date", written(value)),
                },
            };
            self.line(what, &found);
        }
        if leeway > 0 {
            self.line("leeway", &format!("{leeway} s"));
        }
    }
}

fn found(value: Option<Value<'_>>) -> String {
    value.map_or("none".into(), written)
}

fn any_of(texts: &[String]) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    quoted.join(" or ")
}

fn all_of(texts: &[String]) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    match quoted.is_empty() {
        true => "none".into(),
        false => quoted.join(" "),
    }
}
