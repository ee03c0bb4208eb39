//! Names of instances as a sentence has them: each by name where they are few, else by number.

pub(crate) use experiment::count::{counted, counted_of};

use crate::words::number;

/// Instances that are named one by one.
const NAMED: usize = 4;

/// `A`, `A and B`, `A, B and C`, or `7 of 12 instances` and `all 12 instances` where they are too many to name.
pub(crate) fn listed(names: &[&str], of: usize) -> String {
    match names {
        [] => "no instance".to_owned(),
        _ if names.len() > NAMED && names.len() == of => format!("all {} instances", count(of)),
        _ if names.len() > NAMED => format!("{} of {} instances", count(names.len()), count(of)),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn count(of: usize) -> String {
    number(u64::try_from(of).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_instances_are_named_and_many_are_counted() {
        let names: Vec<String> = (0..1_200).map(|place| format!("i{place}")).collect();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();

        assert_eq!(listed(&[], 3), "no instance");
        assert_eq!(listed(&["A"], 3), "A");
        assert_eq!(listed(&["A", "B", "C"], 3), "A, B and C");
        assert_eq!(listed(&names[..5], 1_200), "5 of 1,200 instances");
        assert_eq!(listed(&names, 1_200), "all 1,200 instances");
        assert_eq!(counted(1, "flap"), "1 flap");
        assert_eq!(counted(1_000, "flap"), "1,000 flaps");
    }
}
