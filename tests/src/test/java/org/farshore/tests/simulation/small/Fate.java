package org.farshore.tests.simulation.small;

/** One thing that goes wrong, and when: at the n-th time that it can, counted from 1 since the begin of the world. */
record Fate(Kind kind, long at) {
    /** What can go wrong, grouped by what is counted. */
    enum Kind {
        AGENT_DIES(Counted.STEPS),
        PROCESS_SERVER_DIES(Counted.STEPS),
        MASTER_TARGET_DIES(Counted.STEPS),
        LOWER_HOP_BREAKS(Counted.STEPS),
        UPPER_HOP_BREAKS(Counted.STEPS),
        /** The message, and everything that is on the way, is lost. */
        LOWER_HOP_BREAKS_AT_A_MESSAGE(Counted.LOWER_MESSAGES),
        UPPER_HOP_BREAKS_AT_A_MESSAGE(Counted.UPPER_MESSAGES),
        /** Who is about to send it dies in mid-cycle. */
        SENDER_DIES_AT_A_MESSAGE_OF_THE_LOWER_HOP(Counted.LOWER_MESSAGES),
        SENDER_DIES_AT_A_MESSAGE_OF_THE_UPPER_HOP(Counted.UPPER_MESSAGES),
        /** What the network never does to a stream, and what the protocol must notice all the same. */
        RECORDS_OF_THE_LOWER_HOP_ARE_LOST(Counted.LOWER_RECORDS),
        RECORDS_OF_THE_UPPER_HOP_ARE_LOST(Counted.UPPER_RECORDS),
        RECORDS_OF_THE_LOWER_HOP_COME_TWICE(Counted.LOWER_RECORDS),
        RECORDS_OF_THE_UPPER_HOP_COME_TWICE(Counted.UPPER_RECORDS),
        RECORDS_OF_THE_LOWER_HOP_ARE_CHANGED(Counted.LOWER_RECORDS),
        RECORDS_OF_THE_UPPER_HOP_ARE_CHANGED(Counted.UPPER_RECORDS),
        /** A byte of a synced frame that is not applied is flipped, and the target starts anew. */
        JOURNAL_ROTS(Counted.STEPS),
        /** The agent dies before it changes what is pinned beside the capture. */
        AGENT_DIES_AT_A_PIN(Counted.PINS),
        TARGET_LOSES_POWER(Counted.DISK_OPERATIONS),
        TARGET_DISK_FAILS(Counted.DISK_OPERATIONS),
        TARGET_DISK_CANNOT_READ(Counted.DISK_READS),
        SOURCE_DISK_CANNOT_READ(Counted.SOURCE_READS);

        private final Counted counted;

        Kind(final Counted counted) {
            this.counted = counted;
        }

        Counted counted() {
            return counted;
        }
    }

    /** What a fate's time is counted in. */
    enum Counted {
        STEPS,
        LOWER_MESSAGES,
        UPPER_MESSAGES,
        /** Messages of the data stream. */
        LOWER_RECORDS,
        UPPER_RECORDS,
        PINS,
        DISK_OPERATIONS,
        DISK_READS,
        SOURCE_READS
    }

    @Override
    public String toString() {
        return kind + " " + at;
    }
}
