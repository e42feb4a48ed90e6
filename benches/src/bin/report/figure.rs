//! Figures as text.

/// 711000 as 711 k.
pub(crate) fn thousands(number: u64) -> String {
    match number.div_ceil(1000) {
        0 => "0".into(),
        thousands => format!("{} k", grouped(thousands)),
    }
}

/// 12158 as 12,158.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
