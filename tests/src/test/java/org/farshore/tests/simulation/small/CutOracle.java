package org.farshore.tests.simulation.small;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.farshore.tests.simulation.Violation;

/**
 * Knows every write, and so every state that the machine could have had: each set of writes that holds, with a write, all
 * that had completed before it was submitted. With three writes that is at most eight states, and all of them are tried.
 */
final class CutOracle {
    private static final long NEVER = Long.MAX_VALUE;

    private byte[][] initial;
    private List<Known> writes = new ArrayList<>();
    private CutOracle before;
    private long sinceNs;

    private static final class Known {
        final int volume;
        final int offset;
        final byte[] bytes;
        final long submitNs;
        long completeNs = NEVER;

        Known(final int volume, final int offset, final byte[] bytes, final long submitNs) {
            this.volume = volume;
            this.offset = offset;
            this.bytes = bytes;
            this.submitNs = submitNs;
        }
    }

    /** @param initial content of each volume before the first write. */
    CutOracle(final byte[][] initial) {
        this.initial = initial;
    }

    /** A write is submitted; answers what {@link #completed} calls it. */
    int submitted(final int volume, final int offset, final byte[] bytes, final long nowNs) {
        writes.add(new Known(volume, offset, bytes, nowNs));
        return writes.size() - 1;
    }

    void completed(final int write, final long nowNs) {
        writes.get(write).completeNs = nowNs;
    }

    /** The machine has lost its power: what is on the devices now is where it begins again. */
    void startedAnew(final byte[][] devices, final long nowNs) {
        final CutOracle old = new CutOracle(initial);
        old.writes = writes;
        old.before = before;
        old.sinceNs = sinceNs;
        before = old;
        initial = devices;
        writes = new ArrayList<>();
        sinceNs = nowNs;
    }

    /**
     * I1: the ordered volumes are together a state of the machine, and one that is not older than the cut's clock.
     *
     * @param saidNs when the agent said so: a word from before a power cut may become durable behind it.
     */
    void onCut(final long saidNs, final long cutNs, final List<Integer> ordered, final Map<Integer, byte[]> replicas) {
        if (before != null && saidNs < sinceNs) {
            before.onCut(saidNs, cutNs, ordered, replicas);
            return;
        }
        for (int set = 0; set < 1 << writes.size(); set++) {
            if (isLegal(set, cutNs) && isShown(set, ordered, replicas)) {
                return;
            }
        }
        throw new Violation(
                "I1",
                "the cut of volumes " + ordered + " at " + cutNs + " ns is no state that the machine could have had");
    }

    private boolean isLegal(final int set, final long cutNs) {
        for (int i = 0; i < writes.size(); i++) {
            if (!isIn(set, i) && isOwed(i, set, cutNs)) {
                return false;
            }
        }
        return true;
    }

    /** True when the write had completed before the cut, or before a write that is in the set was submitted. */
    private boolean isOwed(final int write, final int set, final long cutNs) {
        final long completeNs = writes.get(write).completeNs;
        boolean isOwed = completeNs < cutNs;
        for (int i = 0; i < writes.size(); i++) {
            isOwed |= isIn(set, i) && completeNs < writes.get(i).submitNs;
        }
        return isOwed;
    }

    private boolean isShown(final int set, final List<Integer> ordered, final Map<Integer, byte[]> replicas) {
        for (final int volume : ordered) {
            final byte[] expected = initial[volume].clone();
            for (int i = 0; i < writes.size(); i++) {
                final Known write = writes.get(i);
                if (isIn(set, i) && write.volume == volume) {
                    System.arraycopy(write.bytes, 0, expected, write.offset, write.bytes.length);
                }
            }
            if (!Arrays.equals(expected, replicas.get(volume))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isIn(final int set, final int write) {
        return (set >>> write & 1) != 0;
    }
}
