interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Events by time, those of one time in the order they were added. A binary heap. */
export interface EventQueue {
  add(at: number, run: () => void): void;
  next(): Event | undefined;
}

export function eventQueue(): EventQueue {
  const heap: Event[] = [];
  let order = 0;
  const at = (index: number): Event => heap[index] as Event;
  const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

  function swap(a: number, b: number): void {
    [heap[a], heap[b]] = [at(b), at(a)];
  }

  return {
    add(time, run) {
      heap.push({ at: time, order: order++, run });
      for (let child = heap.length - 1; child > 0; ) {
        const parent = (child - 1) >> 1;
        if (!isBefore(at(child), at(parent))) break;
        swap(child, parent);
        child = parent;
      }
    },
    next() {
      if (heap.length === 0) return undefined;
      swap(0, heap.length - 1);
      const event = heap.pop();
      for (let parent = 0; ; ) {
        let least = parent;
        for (const child of [2 * parent + 1, 2 * parent + 2]) {
          if (child < heap.length && isBefore(at(child), at(least))) least = child;
        }
        if (least === parent) return event;
        swap(parent, least);
        parent = least;
      }
    },
  };
}
