package org.farshore.tests.crashlab;

import java.util.ArrayList;
import java.util.List;

/**
 * What the master target has said, each word with the number of flushes that its disk had answered when it was heard: a
 * power cut behind that flush must not take it back.
 */
final class Promises {
    /**
     * All that had been said.
     *
     * @param durableSequence everything up to here will not be sent again.
     * @param incarnation newest one that was given out.
     */
    record Promise(int flushCount, long durableSequence, int incarnation) {}

    private final List<Promise> list = new ArrayList<>(List.of(new Promise(0, 0, 0)));

    void heard(final int flushCount, final long durableSequence, final int incarnation) {
        final Promise last = list.get(list.size() - 1);
        if (durableSequence > last.durableSequence || incarnation > last.incarnation) {
            list.add(new Promise(
                    flushCount,
                    Math.max(last.durableSequence, durableSequence),
                    Math.max(last.incarnation, incarnation)));
        }
    }

    /** What a disk owes whose last flush is this one. */
    Promise at(final int flushCount) {
        Promise owed = list.get(0);
        for (final Promise promise : list) {
            owed = promise.flushCount <= flushCount ? promise : owed;
        }
        return owed;
    }

    /** The flush behind which so much was promised for the first time. */
    int firstWith(final long durableSequence) {
        return list.stream()
                .filter(promise -> promise.durableSequence >= durableSequence)
                .findFirst()
                .orElseThrow()
                .flushCount;
    }

    /** All that was said so far. */
    Promise last() {
        return list.get(list.size() - 1);
    }
}
