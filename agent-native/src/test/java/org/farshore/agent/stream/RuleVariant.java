package org.farshore.agent.stream;

import java.util.function.Supplier;
import org.farshore.agent.capture.VolumeBits;

/** The rule as it is, and every way of getting it wrong that must be noticed. */
enum RuleVariant {
    /** The rule. */
    RULE,
    /** Also right: the kernel marks lost writes at their completion alone. */
    LOST_MARKED_AT_COMPLETION_ONLY,
    NO_HOLES,
    HOLES_ONLY_OF_WRITES_TAKEN_DURING_THE_READ,
    HOLES_ONLY_IN_FLIGHT_WHEN_THE_READ_BEGAN,
    HOLES_NOT_COMPLETE_WHEN_THE_READ_ENDED,
    HOLES_ARE_WHOLE_BLOCKS,
    CONVERGED_AFTER_THE_LAST_CHUNK,
    UNMATCHED_COMPLETIONS_IGNORED,
    LOST_MARKED_AT_SUBMISSION_ONLY,
    IN_FLIGHT_KEPT_OVER_A_GAP,
    READS_BEFORE_THE_BACKLOG_IS_TAKEN,
    TOUCHED_FOR_EVER_INSTEAD_OF_COMPLETIONS,
    BLOCKS_BEING_READ_FORGOTTEN_AT_A_KILL,
    POINTS_WHILE_THE_GAP_EPOCH_MOVED,
    MARKS_DURING_A_READ_CLEARED_AT_ITS_END;

    boolean isRight() {
        return this == RULE || this == LOST_MARKED_AT_COMPLETION_ONLY;
    }

    boolean marksAtSubmission() {
        return this != LOST_MARKED_AT_COMPLETION_ONLY;
    }

    boolean marksAtCompletion() {
        return this != LOST_MARKED_AT_SUBMISSION_ONLY;
    }

    boolean withholdsPoints() {
        return this != POINTS_WHILE_THE_GAP_EPOCH_MOVED;
    }

    boolean pinsSent() {
        return this != BLOCKS_BEING_READ_FORGOTTEN_AT_A_KILL;
    }

    boolean forgetsAtKill() {
        return this != IN_FLIGHT_KEPT_OVER_A_GAP;
    }

    void beforeAppend(final ReadBack readBack, final OpenRead read) {
        if (this == HOLES_NOT_COMPLETE_WHEN_THE_READ_ENDED) {
            read.clearHoles();
            ((Wrong) readBack).seedTruly(read);
        } else if (this == HOLES_ARE_WHOLE_BLOCKS) {
            for (int sector = 0; sector < read.unitCount(); sector++) {
                if (read.isHole(sector)) {
                    read.addHole(read.offset() + ((long) (sector >> 3) << 12), 4096);
                }
            }
        } else if (this == MARKS_DURING_A_READ_CLEARED_AT_ITS_END) {
            readBack.todo().clearRange(read.offset() >> 12, read.length() >> 12);
        }
    }

    void copy(final ReadBack from, final ReadBack to) {
        if (this == TOUCHED_FOR_EVER_INSTEAD_OF_COMPLETIONS) {
            ((Wrong) to).touched = ((Wrong) from).touched;
        }
    }

    String key(final ReadBack readBack) {
        return readBack instanceof Wrong wrong ? Long.toString(wrong.touched) : "";
    }

    ReadBack newReadBack(
            final int volume,
            final long sizeBytes,
            final InFlight inFlight,
            final VolumeBits todo,
            final VolumeBits sent,
            final OpenRead read) {
        final Supplier<ReadBack> right = () -> new ReadBack(volume, sizeBytes, inFlight, todo, sent, read);
        return isRight() ? right.get() : new Wrong(this, volume, sizeBytes, inFlight, todo, sent, read);
    }

    /** The rule with one decision taken wrongly. */
    private static final class Wrong extends ReadBack {
        private final RuleVariant variant;
        private final OpenRead read;
        private long touched;

        Wrong(
                final RuleVariant variant,
                final int volume,
                final long sizeBytes,
                final InFlight inFlight,
                final VolumeBits todo,
                final VolumeBits sent,
                final OpenRead read) {
            super(volume, sizeBytes, inFlight, todo, sent, read);
            this.variant = variant;
            this.read = read;
        }

        void seedTruly(final OpenRead target) {
            super.seedHoles(target);
        }

        @Override
        void seedHoles(final OpenRead target) {
            switch (variant) {
                case NO_HOLES, HOLES_ONLY_OF_WRITES_TAKEN_DURING_THE_READ, HOLES_NOT_COMPLETE_WHEN_THE_READ_ENDED -> {}
                case TOUCHED_FOR_EVER_INSTEAD_OF_COMPLETIONS -> {
                    for (int sector = 0; sector < 64; sector++) {
                        if ((touched >>> sector & 1) != 0) {
                            target.addHole(sector * 512L, 512);
                        }
                    }
                }
                default -> super.seedHoles(target);
            }
        }

        @Override
        void touch(final long offset, final long length) {
            for (long sector = offset >> 9; sector < (offset + length) >> 9; sector++) {
                touched |= variant == TOUCHED_FOR_EVER_INSTEAD_OF_COMPLETIONS ? 1L << sector : 0;
            }
            switch (variant) {
                case NO_HOLES, HOLES_ONLY_IN_FLIGHT_WHEN_THE_READ_BEGAN, HOLES_NOT_COMPLETE_WHEN_THE_READ_ENDED -> {}
                default -> super.touch(offset, length);
            }
        }

        @Override
        void unmatched(final long block) {
            if (variant != UNMATCHED_COMPLETIONS_IGNORED) {
                super.unmatched(block);
            }
        }

        @Override
        void forgetInFlight() {
            if (variant != IN_FLIGHT_KEPT_OVER_A_GAP) {
                super.forgetInFlight();
            }
        }

        @Override
        long markAt(final long producerPosition) {
            return variant == CONVERGED_AFTER_THE_LAST_CHUNK ? 0 : producerPosition;
        }

        @Override
        public void gap(final long producerPosition) {
            super.gap(variant == READS_BEFORE_THE_BACKLOG_IS_TAKEN ? 0 : producerPosition);
        }

        @Override
        public boolean mayRead() {
            return super.mayRead() || read.isOpen();
        }
    }
}
