//! Counts with their nouns, as all texts of results and reports write them.

/// `1 run`, `2 runs`, `1,000 runs`, `3 vetoes`, `2 policies`.
///
/// # Examples
///
/// ```
/// use experiment::count::counted;
///
/// assert_eq!(counted(1_u32, "seed"), "1 seed");
/// assert_eq!(counted(12_000_u64, "seed"), "12,000 seeds");
/// ```
pub fn counted(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {}", grouped(number), plural(number, noun))
}

/// `1 run is`, `2 runs are`.
pub fn counted_are(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {}", counted(number, noun), are(number))
}

/// `1 of 30 runs is`, `2 of 30 runs are`.
pub fn counted_of(number: impl TryInto<u64>, all: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!(
        "{} of {} {}",
        grouped(number),
        counted(all, noun),
        are(number)
    )
}

fn are(number: u64) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// The noun as it stands behind this number.
pub fn plural(number: u64, noun: &str) -> String {
    if number == 1 {
        return noun.to_owned();
    }
    let mut last = noun.chars().rev();
    match (last.next(), last.next()) {
        (Some('y'), Some(before)) if !"aeiou".contains(before) => {
            format!("{}ies", &noun[..noun.len() - 1])
        }
        (Some('o' | 's' | 'x'), _) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// `12,345`
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_its_noun() {
        for (number, noun, text) in [
            (0_u64, "run", "0 runs"),
            (1, "policy", "1 policy"),
            (2, "policy", "2 policies"),
            (2, "day", "2 days"),
            (3, "veto", "3 vetoes"),
            (1_234_567, "pass", "1,234,567 passes"),
        ] {
            assert_eq!(counted(number, noun), text);
        }
        assert_eq!(counted_of(1_u8, 30_u8, "run"), "1 of 30 runs is");
        assert_eq!(counted_of(2_u8, 2_u8, "run"), "2 of 2 runs are");
        assert_eq!(counted_are(1_u8, "run"), "1 run is");
        assert_eq!(counted(usize::MAX, "call"), counted(u64::MAX, "call"));
    }
}
