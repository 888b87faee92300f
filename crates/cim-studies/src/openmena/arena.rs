//! A robot on two wheels in a square with obstacles, and the potential field that teaches it.
//!
//! Lengths are shares of the arena's side. The robot knows its place and heading and nothing else:
//! eight inputs, each value with its complement, so that weights without a sign suffice.

use cim_chip::ChipError;
use cim_chip::sections::{need, need_within};
use cim_core::{Seconds, Stream};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// Number of inputs.
pub const INPUTS: usize = 8;

/// A round obstacle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obstacle {
    /// From the left wall to its middle, 0 to 1.
    pub x: f64,
    /// From the bottom wall to its middle, 0 to 1.
    pub y: f64,
    /// Its radius.
    pub radius: f64,
}

/// Where episodes begin: a square, and a range of headings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartSpec {
    /// Least of both coordinates.
    pub from: f64,
    /// Greatest of both coordinates.
    pub to: f64,
    /// Least heading (degrees, counter-clockwise from the x axis).
    pub heading_from_deg: f64,
    /// Greatest heading (degrees).
    pub heading_to_deg: f64,
}

/// The potential field that the teacher follows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherSpec {
    /// Push of an obstacle whose edge is at `d` against a pull of 1 to the goal: `push (1/d − 1/reach)`.
    pub push: f64,
    /// Distance at which it begins.
    pub reach: f64,
    /// The same push of a wall.
    pub wall_push: f64,
    /// Distance from a wall at which it begins.
    pub wall_reach: f64,
    /// Change of each wheel's command per radian between heading and field.
    pub gain: f64,
}

/// The arena as written in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arena {
    /// What stands in the way.
    pub obstacles: Vec<Obstacle>,
    /// Where the robot is to go.
    pub goal: [f64; 2],
    /// Distance from the goal that counts as there.
    pub goal_radius: f64,
    /// Radius of the robot.
    pub robot_radius: f64,
    /// Distance between the wheels.
    pub axle: f64,
    /// Speed of a wheel at a command of 1 (sides per second).
    pub top_speed: f64,
    /// Time between commands.
    pub step: Seconds,
    /// Commands after which an episode ends without an event.
    pub most_steps: usize,
    /// Where episodes begin.
    pub start: StartSpec,
    /// Whom the robot learns from.
    pub teacher: TeacherSpec,
}

/// Place and heading (radians).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    pub x: f64,
    pub y: f64,
    pub heading: f64,
}

/// How an episode ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At the goal.
    Goal,
    /// On an obstacle or a wall.
    Collision,
    /// Neither, in the time there was.
    Lost,
}

/// One episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    pub end: End,
    /// Places from start to end.
    pub path: Vec<(f64, f64)>,
}

/// Distance below which a push grows no further.
const CLOSEST: f64 = 0.005;
const MOST_OBSTACLES: usize = 1000;

impl Arena {
    /// Checks every length and time.
    ///
    /// # Errors
    /// [`ChipError::Section`] naming the first that cannot be.
    pub fn check(&self) -> Result<(), ChipError> {
        let key = |name: &str| format!("robot.arena.{name}");
        for (name, length) in [
            ("goal_radius", self.goal_radius),
            ("robot_radius", self.robot_radius),
            ("axle", self.axle),
            ("teacher.reach", self.teacher.reach),
            ("teacher.wall_reach", self.teacher.wall_reach),
        ] {
            need_within(&key(name), length, 1e-6, 1.0)?;
        }
        need_within(&key("top_speed"), self.top_speed, 1e-6, 1e3)?;
        need_within(&key("step"), self.step, Seconds(1e-6), Seconds(1e3))?;
        need_within(&key("most_steps"), self.most_steps, 1, 100_000)?;
        for (name, value) in [
            ("teacher.push", self.teacher.push),
            ("teacher.wall_push", self.teacher.wall_push),
            ("teacher.gain", self.teacher.gain),
        ] {
            need_within(&key(name), value, 0.0, 1e3)?;
        }
        for (name, place) in [("start.from", self.start.from), ("start.to", self.start.to)] {
            need_within(&key(name), place, 0.0, 1.0)?;
        }
        for (name, degrees) in [
            ("start.heading_from_deg", self.start.heading_from_deg),
            ("start.heading_to_deg", self.start.heading_to_deg),
        ] {
            need_within(&key(name), degrees, -360.0, 360.0)?;
        }
        let [x, y] = self.goal;
        let inside = |v: f64| (0.0..=1.0).contains(&v);
        let within = "the arena is 0 to 1 in both directions";
        need(inside(x) && inside(y), &key("goal"), format!("[{x}, {y}]"), within)?;
        need(
            self.obstacles.len() <= MOST_OBSTACLES,
            &key("obstacles"),
            format!("a list of {}", self.obstacles.len()),
            "give up to 1000",
        )?;
        for (idx, obstacle) in self.obstacles.iter().enumerate() {
            let key = key(&format!("obstacles.{idx}"));
            let Obstacle { x, y, radius } = *obstacle;
            let shown = format!("at ({x}, {y}) with a radius of {radius}");
            let ok = inside(x) && inside(y) && 0.0 < radius && radius <= 1.0;
            need(ok, &key, &shown, within)?;
            let free = radius < (self.goal[0] - x).hypot(self.goal[1] - y);
            need(free, &key, shown, "it lies on the goal, which no robot could reach")?;
        }
        Ok(())
    }

    /// `count` poses in the starting square, drawn at `at`.
    pub fn starts(&self, count: usize, at: Stream) -> Vec<Pose> {
        let mut draws = vec![0.0; 3 * count];
        at.fill_uniform(0, &mut draws);
        let between = |from: f64, to: f64, u: f32| from + (to - from) * f64::from(u);
        let start = &self.start;
        let pose = |u: &[f32]| Pose {
            x: between(start.from, start.to, u[0]),
            y: between(start.from, start.to, u[1]),
            heading: between(start.heading_from_deg, start.heading_to_deg, u[2]).to_radians(),
        };
        draws.chunks_exact(3).map(pose).collect()
    }

    /// What the robot knows, each in [0, 1].
    pub fn inputs(pose: Pose) -> [f32; INPUTS] {
        let (sin, cos) = pose.heading.sin_cos();
        let values = [pose.x, pose.y, 0.5 * (sin + 1.0), 0.5 * (cos + 1.0)];
        std::array::from_fn(|k| (if k < 4 { values[k] } else { 1.0 - values[k - 4] }) as f32)
    }

    /// What the teacher commands: left and right wheel, each in [0, 1].
    pub fn teacher(&self, pose: Pose) -> [f64; 2] {
        let to_goal = [self.goal[0] - pose.x, self.goal[1] - pose.y];
        let distance = to_goal[0].hypot(to_goal[1]).max(CLOSEST);
        let mut field = to_goal.map(|d| d / distance);
        let push = |size: f64, reach: f64, gap: f64| {
            let gap = gap.max(CLOSEST);
            if gap < reach { size * (1.0 / gap - 1.0 / reach) } else { 0.0 }
        };
        let teacher = &self.teacher;
        for obstacle in &self.obstacles {
            let away = [pose.x - obstacle.x, pose.y - obstacle.y];
            let distance = away[0].hypot(away[1]).max(CLOSEST);
            let gap = distance - obstacle.radius - self.robot_radius;
            let size = push(teacher.push, teacher.reach, gap);
            field = std::array::from_fn(|k| field[k] + size * away[k] / distance);
        }
        for (k, place) in [pose.x, pose.y].into_iter().enumerate() {
            let wall =
                |gap: f64| push(teacher.wall_push, teacher.wall_reach, gap - self.robot_radius);
            field[k] += wall(place) - wall(1.0 - place);
        }
        let error = field[1].atan2(field[0]) - pose.heading;
        let error = error.sin().atan2(error.cos());
        let turn = (teacher.gain * error).clamp(-0.5, 0.5);
        [0.5 - turn, 0.5 + turn]
    }

    /// Where a robot is one step later; commands are clipped to [0, 1], which is what wheels do.
    fn moved(&self, pose: Pose, command: [f64; 2]) -> Pose {
        let [left, right] = command.map(|c| self.top_speed * c.clamp(0.0, 1.0));
        let heading = pose.heading + (right - left) / self.axle * self.step.0;
        let way = 0.5 * (left + right) * self.step.0;
        Pose { x: pose.x + way * heading.cos(), y: pose.y + way * heading.sin(), heading }
    }

    fn event(&self, pose: Pose) -> Option<End> {
        let near = |x: f64, y: f64, r: f64| (pose.x - x).hypot(pose.y - y) < r;
        let robot = self.robot_radius;
        let inside = robot..=1.0 - robot;
        let walls = !(inside.contains(&pose.x) && inside.contains(&pose.y));
        if walls || self.obstacles.iter().any(|o| near(o.x, o.y, o.radius + robot)) {
            return Some(End::Collision);
        }
        near(self.goal[0], self.goal[1], self.goal_radius).then_some(End::Goal)
    }

    /// Drives one robot from every start, all in step. `command` is given the step, the inputs
    /// (robots × inputs) and the poses, and returns the wheels' commands (robots × 2); robots that
    /// have ended keep their row. `disturb` turns each robot by so much before it moves (radians).
    pub fn drive(
        &self,
        starts: &[Pose],
        mut command: impl FnMut(usize, ArrayView2<'_, f32>, &[Pose]) -> Array2<f32>,
        mut disturb: impl FnMut(usize) -> Option<Vec<f32>>,
    ) -> Vec<Episode> {
        let mut poses = starts.to_vec();
        let mut ends: Vec<Option<End>> = vec![None; starts.len()];
        let mut paths: Vec<Vec<(f64, f64)>> = poses.iter().map(|p| vec![(p.x, p.y)]).collect();
        for step in 0..self.most_steps {
            if ends.iter().all(Option::is_some) {
                break;
            }
            let inputs: Vec<f32> = poses.iter().flat_map(|&pose| Self::inputs(pose)).collect();
            let inputs =
                ArrayView2::from_shape((poses.len(), INPUTS), &inputs).expect("all inputs");
            let commands = command(step, inputs, &poses);
            let turns = disturb(step);
            for (robot, pose) in poses.iter_mut().enumerate() {
                if ends[robot].is_some() {
                    continue;
                }
                *pose = self.moved(*pose, [0, 1].map(|wheel| f64::from(commands[[robot, wheel]])));
                if let Some(turns) = &turns {
                    pose.heading += f64::from(turns[robot]);
                }
                paths[robot].push((pose.x, pose.y));
                ends[robot] = self.event(*pose);
            }
        }
        let episode =
            |(path, end): (_, Option<End>)| Episode { path, end: end.unwrap_or(End::Lost) };
        paths.into_iter().zip(ends).map(episode).collect()
    }

    /// What the teacher does from `starts`, turned by a normal draw of `sigma` (radians) after every
    /// step so that it shows its way back: inputs (samples × inputs) and commands (samples × 2).
    pub fn lessons(
        &self,
        starts: &[Pose],
        sigma: f64,
        at: Stream,
    ) -> (Array2<f64>, Array2<f64>, Vec<Episode>) {
        let mut shown: Vec<Vec<(Pose, [f64; 2])>> = vec![Vec::new(); starts.len()];
        let episodes = self.drive(
            starts,
            |_, _, poses| {
                let commands: Vec<[f64; 2]> = poses.iter().map(|&p| self.teacher(p)).collect();
                for ((seen, &pose), &command) in shown.iter_mut().zip(poses).zip(&commands) {
                    seen.push((pose, command));
                }
                Array2::from_shape_fn((poses.len(), 2), |(r, k)| commands[r][k] as f32)
            },
            |step| {
                let mut turns = vec![0.0; starts.len()];
                at.fill_standard_normal(step as u64, &mut turns);
                turns.iter_mut().for_each(|turn| *turn *= sigma as f32);
                Some(turns)
            },
        );
        let (mut inputs, mut commands) = (Vec::new(), Vec::new());
        for (seen, episode) in shown.iter().zip(&episodes) {
            for (pose, command) in &seen[..episode.path.len() - 1] {
                inputs.extend(Self::inputs(*pose).map(f64::from));
                commands.extend(*command);
            }
        }
        let samples = commands.len() / 2;
        let inputs = Array2::from_shape_vec((samples, INPUTS), inputs).expect("all inputs");
        let commands = Array2::from_shape_vec((samples, 2), commands).expect("two wheels");
        (inputs, commands, episodes)
    }
}

/// Collisions per hundred episodes.
pub fn collisions_per_hundred(episodes: &[Episode]) -> f64 {
    let hits = episodes.iter().filter(|e| e.end == End::Collision).count();
    100.0 * hits as f64 / episodes.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openmena::Openmena;
    use crate::openmena::spec::Spec;
    use crate::parse::parse;
    use crate::study::Study;

    fn arena() -> Arena {
        parse::<Spec>(Openmena::PRESET).expect("valid").robot.arena
    }

    fn straight(arena: &Arena, start: Pose) -> Episode {
        let full = |_: usize, x: ArrayView2<'_, f32>, _: &[Pose]| Array2::ones((x.nrows(), 2));
        arena.drive(&[start], full, |_| None).remove(0)
    }

    #[test]
    fn equal_wheels_drive_straight_to_what_is_ahead() {
        let arena = Arena { obstacles: vec![], ..arena() };
        let along = Pose { x: 0.1, y: 0.3, heading: 0.0 };
        let episode = straight(&arena, along);
        assert_eq!(episode.end, End::Collision);
        let (x, y) = *episode.path.last().expect("a path");
        let step = arena.top_speed * arena.step.0;
        assert!((y - 0.3).abs() < 1e-12 && (0.0..step).contains(&(x - 1.0 + arena.robot_radius)));
        let to_goal = Pose { x: 0.1, y: 0.1, heading: std::f64::consts::FRAC_PI_4 };
        assert_eq!(straight(&arena, to_goal).end, End::Goal);
        let stopped = Arena { top_speed: 0.0, ..arena };
        assert_eq!(straight(&stopped, along).end, End::Lost);
    }

    #[test]
    fn a_faster_right_wheel_turns_left_on_a_circle() {
        let arena = arena();
        // Radius of the circle: half the axle times (r + l) / (r − l).
        let mut pose = Pose { x: 0.5, y: 0.5, heading: 0.0 };
        let fine = Arena { step: Seconds(1e-4), ..arena };
        let turn = fine.top_speed * 0.5 / fine.axle;
        let quarter = (std::f64::consts::FRAC_PI_2 / turn / 1e-4).round() as usize;
        (0..quarter).for_each(|_| pose = fine.moved(pose, [0.25, 0.75]));
        let radius = fine.axle;
        assert!((pose.x - 0.5 - radius).abs() < 1e-3 && (pose.y - 0.5 - radius).abs() < 1e-3);
    }

    #[test]
    fn inputs_are_complements_in_the_unit_range() {
        let inputs = Arena::inputs(Pose { x: 0.3, y: 0.8, heading: 2.5 });
        for k in 0..4 {
            assert!((inputs[k] + inputs[k + 4] - 1.0).abs() < 1e-6);
            assert!((0.0..=1.0).contains(&inputs[k]));
        }
    }

    #[test]
    fn the_teacher_hits_nothing() {
        let arena = arena();
        let starts = arena.starts(200, Stream::root(4));
        let teach = |_: usize, _: ArrayView2<'_, f32>, poses: &[Pose]| {
            Array2::from_shape_fn((poses.len(), 2), |(r, k)| arena.teacher(poses[r])[k] as f32)
        };
        let episodes = arena.drive(&starts, teach, |_| None);
        assert!(episodes.iter().all(|e| e.end == End::Goal));
        // Episodes do not depend on their neighbours.
        assert_eq!(arena.drive(&starts[..3], teach, |_| None), episodes[..3]);
    }
}
