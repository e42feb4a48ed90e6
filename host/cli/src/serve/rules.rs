//! What the requests for a path need.

use serde::Deserialize;
use tokenlatch_host::guard::Guard;

use super::path::JudgedPath;
use crate::failure::Failure;

/// `[[path]]` of the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RuleConfig {
    /// The path and all that is below it.
    path: String,
    /// The methods; with none, all.
    #[serde(default)]
    methods: Vec<String>,
    #[serde(default)]
    token: Need,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    permissions: Vec<String>,
}

/// Whether a request needs a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Need {
    /// It does.
    #[default]
    Required,
    /// It may have one. A bad one is refused.
    Optional,
    /// It does not, and one that it has is not looked at.
    None,
}

/// What the requests for a path need.
pub(super) struct Rule {
    path: String,
    methods: Vec<String>,
    pub(super) need: Need,
    scopes: Vec<String>,
    permissions: Vec<String>,
}

impl Rule {
    pub(super) fn new(config: &RuleConfig) -> Result<Self, Failure> {
        let path = &config.path;
        let wrong = |why: &str| Failure::Usage(format!("path {path:?}: {why}"));
        if path.contains(['?', '%']) || JudgedPath::of(&escaped(path)).is_err() {
            return Err(wrong(
                "write a path that begins with /, without escapes, query, empty segments and dots",
            ));
        }
        if path.len() > 1 && path.ends_with('/') {
            return Err(wrong(
                "leave out the final slash: all that is below it is meant",
            ));
        }
        let is_method = |method: &String| method.bytes().all(|byte| byte.is_ascii_uppercase());
        if !config.methods.iter().all(is_method) {
            return Err(wrong("write methods in upper case"));
        }
        let asks = !config.scopes.is_empty() || !config.permissions.is_empty();
        if asks && config.token == Need::None {
            return Err(wrong(
                "without a token there are no scopes and no permissions",
            ));
        }
        Ok(Self {
            path: path.clone(),
            methods: config.methods.clone(),
            need: config.token,
            scopes: config.scopes.clone(),
            permissions: config.permissions.clone(),
        })
    }

    /// The guard of these requests.
    pub(super) fn guard(&self, guard: &Guard) -> Guard {
        guard
            .scopes(self.scopes.iter().cloned())
            .permissions(self.permissions.iter().cloned())
    }

    fn is_for(&self, method: &str, path: &JudgedPath) -> bool {
        let is_method = self.methods.is_empty() || self.methods.iter().any(|it| it == method);
        is_method && path.is_within(&self.path)
    }
}

/// The index of the rule for a request. Of the rules for its method, it is that with the longest path, and of two
/// with the same path, that which names the method; else the first.
pub(super) fn find<'r>(
    rules: impl Iterator<Item = &'r Rule>,
    method: &str,
    path: &JudgedPath,
) -> Option<usize> {
    let mut best: Option<(usize, (usize, bool))> = None;
    for (index, rule) in rules.enumerate() {
        let precision = (rule.path.len(), !rule.methods.is_empty());
        let is_better = best.is_none_or(|(_, other)| precision > other);
        if is_better && rule.is_for(method, path) {
            best = Some((index, precision));
        }
    }
    best.map(|(index, _)| index)
}

/// A path of the configuration as it stands in a request.
fn escaped(path: &str) -> String {
    let escape = |byte: u8| match byte {
        byte if byte.is_ascii() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    path.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Result<Rule, String> {
        let config = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        Rule::new(&config).map_err(|failure| failure.message())
    }

    #[test]
    fn the_longest_path_decides_then_the_method_then_the_order() {
        let texts = [
            "path = '/'",
            "path = '/doors'\nmethods = ['GET', 'HEAD']",
            "path = '/doors'",
            "path = '/doors'",
            "path = '/doors/7/log'\nmethods = ['POST']",
        ];
        let rules: Vec<Rule> = texts.iter().map(|text| rule(text).unwrap()).collect();
        for (method, target, expected) in [
            ("GET", "/", 0),
            ("GET", "/windows", 0),
            ("GET", "/doors/7", 1),
            ("DELETE", "/doors/7", 2),
            ("POST", "/doors/7/log", 4),
            ("GET", "/doors/7/log", 1),
            ("get", "/doors/7", 2),
        ] {
            let path = JudgedPath::of(target).unwrap();
            assert_eq!(
                find(rules.iter(), method, &path),
                Some(expected),
                "{method} {target}"
            );
        }
        let path = JudgedPath::of("/windows").unwrap();
        assert_eq!(find(rules[1..].iter(), "GET", &path), None);
    }

    #[test]
    fn a_rule_that_could_not_mean_what_it_says_is_an_error() {
        for text in [
            "path = 'doors'",
            "path = '/doors/'",
            "path = '/doors/..'",
            "path = '/d%6Fors'",
            "path = '/doors?a'",
            "path = '/doors;a'",
            "path = '//'",
            "path = '/doors'\nmethods = ['get']",
            "path = '/doors'\ntoken = 'none'\nscopes = ['read']",
            "path = '/doors'\ntoken = 'maybe'",
            "path = '/doors'\nscope = 'read'",
            "scopes = ['read']",
        ] {
            assert!(rule(text).is_err(), "{text}");
        }
        assert!(rule("path = '/caf\u{e9}'").is_ok());
    }
}
