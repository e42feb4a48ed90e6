//! Issuers of many tenants: a template whose place each token fills in with its own tenant.
//!
//! Microsoft Entra ID has one issuer for each tenant, such as
//! `https://login.microsoftonline.com/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/v2.0`, and publishes the template
//! `https://login.microsoftonline.com/{tenantid}/v2.0`. The token's `tid` is the tenant, a GUID.

use crate::json::{Chars, Kind, Text};

/// The place of a template.
const PLACE: &[u8] = b"{tenantid}";

/// The issuers of Entra's tokens of version 1.0, which Entra's keys are not marked for.
const VERSION_1: [&[u8]; 2] = [
    b"https://sts.windows.net/{tenantid}/",
    b"https://sts.chinacloudapi.cn/{tenantid}/",
];

/// Whether the issuer is the template with any GUID in its place. A template without exactly one place is
/// nobody's.
pub(crate) fn is_of_template(issuer: Text<'_>, template: &[u8]) -> bool {
    is_completed(issuer, template, None)
}

/// Whether the issuer is the template with this tenant, a GUID, in its place.
pub(crate) fn is_of_tenant(issuer: Text<'_>, template: &[u8], tenant: Text<'_>) -> bool {
    is_completed(issuer, template, Some(tenant))
}

/// Whether two tenants are one. GUIDs have no case.
pub(crate) fn is_same_tenant(tenant: Text<'_>, other: &[u8]) -> bool {
    tenant.unescaped().are(other, Kind::AnyCase)
}

/// Whether a key that is marked for an issuer, or for the tenants of a template, may verify this issuer's
/// tokens.
///
/// Entra marks its keys for issuers of version 2.0 alone, and signs tokens of version 1.0 with them. For a
/// token of version 1.0, the mark names the tenant.
pub(crate) fn is_marked_for(mark: &[u8], issuer: Text<'_>, tenant: Option<Text<'_>>) -> bool {
    if issuer.is(mark) {
        return true;
    }
    let Some(tenant) = tenant else {
        return false;
    };
    if is_of_tenant(issuer, mark, tenant) {
        return true;
    }
    let is_version_1 = VERSION_1.iter().any(|it| is_of_tenant(issuer, it, tenant));
    is_version_1 && tenant_of_version_2(mark).is_some_and(|it| it == PLACE || tenant.is(it))
}

/// What stands in the tenant's place of `https://HOST/TENANT/v2.0`.
fn tenant_of_version_2(issuer: &[u8]) -> Option<&[u8]> {
    let path = issuer.strip_prefix(b"https://")?.strip_suffix(b"/v2.0")?;
    let host = path.iter().position(|byte| *byte == b'/')?;
    path.get(host + 1..)
}

/// Whether the issuer is the template with a GUID in its place: with any, or with this one.
fn is_completed(issuer: Text<'_>, template: &[u8], tenant: Option<Text<'_>>) -> bool {
    let place = template.iter().take_while(|byte| **byte != b'{').count();
    let Some((before, rest)) = template.split_at_checked(place) else {
        return false;
    };
    let Some(after) = rest.strip_prefix(PLACE) else {
        return false;
    };
    let mut rest = issuer.unescaped();
    rest.skip_text(before, Kind::Plain)
        && match tenant {
            Some(tenant) => {
                let mut guid = tenant.unescaped();
                skip_guid(&mut guid)
                    && guid.is_empty()
                    && rest.skip_text(tenant.unescaped().rest(), Kind::Escaped)
            }
            None => skip_guid(&mut rest),
        }
        && rest.are(after, Kind::Plain)
}

/// Skips a GUID (RFC 9562 section 4), or returns false.
fn skip_guid(rest: &mut Chars<'_>) -> bool {
    (0..36).all(|at| {
        rest.next().is_some_and(|character| match at {
            8 | 13 | 18 | 23 => character == '-',
            _ => character.is_ascii_hexdigit(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00";
    const OTHER: &str = "11111111-2222-3333-4444-555555555555";
    const TEMPLATE: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";

    fn of(tenant: &str, template: &str) -> std::string::String {
        template.replace("{tenantid}", tenant)
    }

    #[test]
    fn a_template_is_completed_by_a_guid_and_by_nothing_else() {
        let is_of = |issuer: &str| is_of_template(Text::new(issuer), TEMPLATE.as_bytes());
        assert!(is_of(&of(TENANT, TEMPLATE)));
        assert!(is_of(
            r"https:\/\/login.microsoftonline.com\/\u0038a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00\/v2.0"
        ));
        for place in [
            "",
            "common",
            "organizations",
            "{tenantid}",
            "8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e0",
            "8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e000",
            "8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e0g",
            "8a0d7f2e5c114b4e9a550f6b3c2d1e00",
            "8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/../x",
            "8a0d7f2e/5c11-4b4e-9a55-0f6b3c2d1e00",
            "x/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00",
        ] {
            assert!(!is_of(&of(place, TEMPLATE)), "{place}");
        }
        for issuer in [
            "",
            "https://login.microsoftonline.com/",
            "https://evil.example/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/v2.0",
            "https://login.microsoftonline.com/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/v2.0/",
            "https://login.microsoftonline.com/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/v1.0",
            "https://login.microsoftonline.com/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00",
        ] {
            assert!(!is_of(issuer), "{issuer}");
        }
        // Templates without exactly one place.
        let issuer = of(TENANT, TEMPLATE);
        for template in [
            &issuer,
            "",
            "https://a.example/{tenant}/",
            "{tenantid}{tenantid}",
        ] {
            assert!(
                !is_of_template(Text::new(&issuer), template.as_bytes()),
                "{template}"
            );
        }
    }

    #[test]
    fn a_template_is_completed_by_the_tokens_own_tenant() {
        let issuer = of(TENANT, TEMPLATE);
        let is_of =
            |tenant| is_of_tenant(Text::new(&issuer), TEMPLATE.as_bytes(), Text::new(tenant));
        assert!(is_of(TENANT));
        assert!(is_of(r"\u0038a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00"));
        for tenant in [
            OTHER,
            "",
            "8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e0",
            "8A0D7F2E-5C11-4B4E-9A55-0F6B3C2D1E00",
        ] {
            assert!(!is_of(tenant), "{tenant}");
        }
    }

    #[test]
    fn a_marked_key_is_for_its_issuer_or_the_tenants_of_its_template() {
        const VERSION_1: &str = "https://sts.windows.net/{tenantid}/";
        let marked = |mark: &str, issuer: &str, tenant: Option<&str>| {
            is_marked_for(mark.as_bytes(), Text::new(issuer), tenant.map(Text::new))
        };
        let [mine, others] = [TENANT, OTHER].map(|tenant| of(tenant, TEMPLATE));
        let [mine_1, others_1] = [TENANT, OTHER].map(|tenant| of(tenant, VERSION_1));
        for (mark, issuer, tenant, expected) in [
            ("https://a.example/", "https://a.example/", None, true),
            ("https://a.example/", "https://b.example/", None, false),
            (
                "https://a.example/",
                "https://b.example/",
                Some(TENANT),
                false,
            ),
            (&mine, &mine, Some(TENANT), true),
            (&mine, &mine, None, true),
            (&mine, &others, Some(OTHER), false),
            (&mine, &others, Some(TENANT), false),
            (TEMPLATE, &mine, Some(TENANT), true),
            (TEMPLATE, &mine, Some(OTHER), false),
            (TEMPLATE, &mine, None, false),
            // Version 1.0.
            (TEMPLATE, &mine_1, Some(TENANT), true),
            (&mine, &mine_1, Some(TENANT), true),
            (&mine, &others_1, Some(OTHER), false),
            (&mine, &mine_1, Some(OTHER), false),
            (TEMPLATE, &mine_1, Some(OTHER), false),
            (TEMPLATE, &mine_1, None, false),
            ("https://a.example/x/v2.0", &mine_1, Some(TENANT), false),
            ("https://a.example/", &mine_1, Some(TENANT), false),
        ] {
            assert_eq!(
                marked(mark, issuer, tenant),
                expected,
                "{mark} {issuer} {tenant:?}"
            );
        }
    }

    #[test]
    fn tenants_have_no_case() {
        let upper = TENANT.to_uppercase();
        assert!(is_same_tenant(Text::new(TENANT), upper.as_bytes()));
        assert!(!is_same_tenant(Text::new(TENANT), OTHER.as_bytes()));
        assert!(!is_same_tenant(Text::new(TENANT), b"8a0d7f2e"));
    }
}
