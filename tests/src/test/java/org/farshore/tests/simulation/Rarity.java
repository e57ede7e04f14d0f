package org.farshore.tests.simulation;

/** States that a run should sometimes reach: a world that never does is not worth much. Counted by role's life or by event. */
enum Rarity {
    RING_OVERFLOW("a write found no room in the capture ring"),
    COMPLETION_LOST("a completion found no room in the ring"),
    COMPARE("an agent compared a volume"),
    COPIED("an agent copied a volume for the first time"),
    DIRECT("chunks went straight to the replica"),
    RESYNC("an agent read back what was lost or found different"),
    REPAIR("an agent repaired overlapping or failed writes"),
    REFUSED("a receiver refused a message or a connection"),
    BACK_PRESSURE("the network had no room"),
    ROT("a bit of the journal changed on the disk"),
    POISONED("a disk failed and a role ended with it"),
    DISK_FULL("the target's disk became full"),
    MESSAGE_CORRUPTED("a message came with another bit"),
    CLAIM_REFUSED("a claim was refused without need"),
    OVERLAP("writes overlapped in flight"),
    FAILED_WRITE("a write of the source failed"),
    BARRIER("a recovery point became durable"),
    DUPLICATE("another capture of the machine was refused"),
    KILLED_INSIDE("a role died inside a duty cycle"),
    GREW("a volume grew"),
    LEFT("a volume left the stream for a while"),
    PINNED("a pinned point was looked at"),
    VIEW("a view of the past was read"),
    VIEW_USED("a view that is written to was read"),
    TEST_FAILOVER("a test failover was started"),
    FAILED_OVER("a failover was answered"),
    POINT_CHANGED("a failover went to another point"),
    CANCELLED("a failover was cancelled"),
    COMMITTED("a failover was committed"),
    NEXT_GENERATION("a committed replica was the view, and the next generation began"),
    COMMAND_CUT_OFF("a role died with a command under way"),
    OVERLAY_STOPPED("a sync of a view failed");

    private final String meaning;

    Rarity(final String meaning) {
        this.meaning = meaning;
    }

    String meaning() {
        return meaning;
    }
}
