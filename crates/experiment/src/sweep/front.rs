//! The Pareto front: choices that no other choice beats in everything.

/// Which of `points` lie on the front, when every number is better the smaller it is.
///
/// A point is off the front when another is at least as good in every number and better in one. What never came is
/// infinite and thus worse than anything that did; a point with a number that was not measured (`None`) is not on
/// the front and beats nobody.
///
/// # Examples
///
/// ```
/// use experiment::sweep::front::front;
///
/// let points = [[Some(1.0), Some(9.0)], [Some(2.0), Some(3.0)], [Some(2.5), Some(3.0)], [Some(0.5), None]];
/// assert_eq!(front(&points), [true, true, false, false]);
/// ```
pub fn front<const N: usize>(points: &[[Option<f64>; N]]) -> Vec<bool> {
    let whole = |point: &[Option<f64>; N]| {
        let numbers = point.iter().copied().collect::<Option<Vec<f64>>>()?;
        numbers
            .iter()
            .all(|number| !number.is_nan())
            .then_some(numbers)
    };
    let points: Vec<Option<Vec<f64>>> = points.iter().map(whole).collect();
    let is_beaten = |point: &Vec<f64>| points.iter().flatten().any(|other| beats(other, point));
    let on_front = points
        .iter()
        .map(|point| point.as_ref().is_some_and(|it| !is_beaten(it)));
    on_front.collect()
}

fn beats(one: &[f64], other: &[f64]) -> bool {
    let pairs = || one.iter().zip(other);
    pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
}
