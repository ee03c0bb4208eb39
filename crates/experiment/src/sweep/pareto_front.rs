//! The Pareto front: the choices that no other choice certainly beats.

/// The range of a number, given what chance may have done: both ends of its interval, or the same number twice if it
/// is known exactly.
pub type Place = [f64; 2];

/// Returns which of `points` are on the front, if smaller numbers are better.
///
/// One number is certainly smaller than another if their intervals do not overlap. A point is off the front if
/// another one is certainly better in one number and certainly worse in none. So chance alone puts no point on the
/// front and none off it. An infinite number is worse than any finite one. A point with a number that was not
/// measured (`None`) is not on the front and beats no other point.
///
/// # Examples
///
/// ```
/// use experiment::sweep::pareto_front::front;
///
/// let exactly = |numbers: [f64; 2]| numbers.map(|number| Some([number, number]));
/// let unknown = [Some([0.5, 0.5]), None];
/// let points = [exactly([1.0, 9.0]), exactly([2.0, 3.0]), exactly([2.5, 3.0]), unknown];
/// assert_eq!(front(&points), [true, true, false, false]);
///
/// // Chance may have made the second one better, or the first one.
/// let points = [[Some([0.9, 1.1]), Some([3.0, 3.0])], [Some([0.8, 1.0]), Some([3.0, 3.0])]];
/// assert_eq!(front(&points), [true, true]);
/// ```
pub fn front<const N: usize>(points: &[[Option<Place>; N]]) -> Vec<bool> {
    let whole = |point: &[Option<Place>; N]| {
        let places = point.iter().copied().collect::<Option<Vec<Place>>>()?;
        let known = places.iter().flatten().all(|number| !number.is_nan());
        known.then_some(places)
    };
    let points: Vec<Option<Vec<Place>>> = points.iter().map(whole).collect();
    let on_front = |beats: fn(&[Place], &[Place]) -> bool| -> Vec<bool> {
        let is_beaten =
            |point: &Vec<Place>| points.iter().flatten().any(|other| beats(other, point));
        let on_front = points
            .iter()
            .map(|point| point.as_ref().is_some_and(|it| !is_beaten(it)));
        on_front.collect()
    };
    let surely = on_front(surely_beats);
    // Ties go in a circle, rarely: one beats the next in one number each, and all are off.
    if surely.contains(&true) {
        surely
    } else {
        on_front(beats)
    }
}

fn surely_beats(one: &[Place], other: &[Place]) -> bool {
    let better = |a: &Place, b: &Place| a[1] < b[0];
    let pairs = || one.iter().zip(other);
    pairs().any(|(a, b)| better(a, b)) && !pairs().any(|(a, b)| better(b, a))
}

/// Compares by the middles of the intervals.
fn beats(one: &[Place], other: &[Place]) -> bool {
    let middle = |place: &Place| f64::midpoint(place[0], place[1]);
    let exactly = |places: &[Place]| places.iter().map(|it| [middle(it); 2]).collect::<Vec<_>>();
    surely_beats(&exactly(one), &exactly(other))
}
