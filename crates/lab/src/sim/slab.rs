//! Values under keys that are never given twice, so that an event about what is gone finds nothing.

/// Names a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    index: u32,
    life: u32,
}

impl Key {
    /// For the trace.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.life) << 32 | u64::from(self.index)
    }
}

#[derive(Debug)]
struct Slot<T> {
    life: u32,
    value: Option<T>,
}

/// The values.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub(crate) fn insert(&mut self, value: T) -> Key {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.life += 1;
            slot.value = Some(value);
            return Key { index, life: slot.life };
        }
        self.slots.push(Slot { life: 0, value: Some(value) });
        Key { index: self.slots.len() as u32 - 1, life: 0 }
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        let slot = self.slots.get(key.index as usize).filter(|slot| slot.life == key.life)?;
        slot.value.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let slot = self.slots.get_mut(key.index as usize).filter(|slot| slot.life == key.life)?;
        slot.value.as_mut()
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        let slot = self.slots.get_mut(key.index as usize).filter(|slot| slot.life == key.life)?;
        let value = slot.value.take()?;
        self.free.push(key.index);
        Some(value)
    }

    /// All values with their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        (0..).zip(&self.slots).filter_map(|(index, slot)| {
            slot.value.as_ref().map(|value| (Key { index, life: slot.life }, value))
        })
    }
}
