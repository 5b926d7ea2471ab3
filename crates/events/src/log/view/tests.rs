use storage::disk::{Disk, FaultDisk};

use super::*;
use crate::log::batch::{Batch, BatchHead, Record, set_base_offset};

/// A segment with two batches, at 10 and at 20 ms, of which the end has passed the first only: so a
/// reader finds it that comes between the two steps of a commit.
fn between_two_steps() -> View {
    let disk = FaultDisk::from_seed(1);
    let file = disk.create("segment").unwrap();
    let segment = Arc::new(Segment::empty(0, "segment".to_owned(), file));
    let view = View::new(vec![Arc::clone(&segment)], Writers::default());
    for at_ms in [10, 20] {
        let mut bytes = Batch::one(Record::of("text".to_owned(), at_ms)).encode().unwrap();
        let (position, base) = (segment.known().bytes, segment.known().end_offset);
        set_base_offset(&mut bytes, base);
        segment.file.write_at(position, &bytes).unwrap();
        segment.publish([BatchHead::read(&bytes).unwrap()].iter());
    }
    view.set_end(1);
    view
}

#[test]
fn readers_see_nothing_past_the_end() {
    let view = between_two_steps();
    let fetched = view.read(0, 1 << 20).unwrap();
    assert_eq!((fetched.batches.len(), fetched.next), (1, 1));
    assert_eq!(view.read(fetched.next, 1 << 20), Ok(Fetched { batches: Vec::new(), next: 1 }));
    view.set_end(2);
    assert_eq!(view.read(fetched.next, 1 << 20).unwrap().next, 2);
}

#[test]
fn no_time_leads_past_the_end() {
    let view = between_two_steps();
    assert_eq!(view.offset_at(10), Ok(Some(0)));
    assert_eq!(view.offset_at(11), Ok(None));
    view.set_end(2);
    assert_eq!(view.offset_at(11), Ok(Some(1)));
}
