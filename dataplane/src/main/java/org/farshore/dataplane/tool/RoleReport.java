package org.farshore.dataplane.tool;

import java.util.List;
import java.util.Locale;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;

/**
 * What the numbers of a role mean: its state in words, the next step, and whether all is well. A volume that is still
 * being copied is not well: as long as it is, no recovery point names it.
 *
 * @param state where it stands, in words.
 * @param next what to do, or what it waits for.
 */
record RoleReport(String state, String next, boolean healthy) {
    /** An agent whose newest durable cut is older than this is not well. */
    static final long LAG_LIMIT_MS = 60_000;

    /** Codes of {@link ReplicationCounter#VOLUME_STATE}, in words. */
    private static final List<String> VOLUME_STATES =
            List.of("waiting", "initial copy", "comparing", "resync", "repair", "ordered");

    private static final int ORDERED = 5;
    private static final int STREAMING = 3;
    private static final int RELAYING = 2;
    private static final int RECEIVING = 2;
    private static final int POISONED = 3;
    private static final int NO_ROOM = 1;

    static RoleReport of(final RoleSample sample) {
        switch (sample.life()) {
            case DEAD -> {
                return new RoleReport(
                        "dead: process " + sample.pid() + " is gone",
                        "start it again: farshore " + sample.role() + " --config FILE; it goes on where it was",
                        false);
            }
            case SILENT -> {
                return new RoleReport(
                        "silent: process " + sample.pid() + " is there and has not moved for 10 s",
                        "see whether it is stopped (kill -CONT " + sample.pid() + ") or starved of CPU",
                        false);
            }
            default -> {
                return running(sample);
            }
        }
    }

    private static RoleReport running(final RoleSample sample) {
        return switch (sample.role()) {
            case "agent" -> agent(sample);
            case "process-server" -> processServer(sample);
            case "master-target" -> masterTarget(sample);
            default -> new RoleReport("running", "nothing to do", true);
        };
    }

    private static RoleReport agent(final RoleSample sample) {
        final long session = sample.max(ReplicationCounter.SESSION_STATE);
        if (session < STREAMING) {
            return session <= 0
                    ? new RoleReport(
                            "not connected to its process server",
                            "it tries again by itself; see that the process server runs and its UDP port is reached",
                            false)
                    : new RoleReport(
                            session == 1 ? "has said Hello, not answered yet" : "connection is being opened",
                            "it goes on by itself; an answer comes once the master target is reached too",
                            false);
        }
        final List<String> volumes = sample.volumes();
        final long ordered = volumes.stream()
                .filter(volume -> sample.value(ReplicationCounter.VOLUME_STATE, volume) == ORDERED)
                .count();
        if (ordered < volumes.size()) {
            return new RoleReport(
                    "catching up: " + ordered + " of " + volumes.size() + " volumes in write order",
                    "wait: it goes on by itself; recovery points are made when all are in write order",
                    false);
        }
        final long lagMs = sample.max(ReplicationCounter.RECOVERY_LAG);
        if (lagMs > LAG_LIMIT_MS) {
            return new RoleReport(
                    "connected, but the newest durable point is older than a minute",
                    "look at rates and errors of process server and master target",
                    false);
        }
        return new RoleReport("protected: every write follows in order", "nothing to do", true);
    }

    private static RoleReport processServer(final RoleSample sample) {
        final long machines = sample.subjects(ReplicationCounter.RELAY_STATE).size();
        if (machines == 0) {
            return new RoleReport("waits for agents", "start an agent that names this process server", true);
        }
        final long relaying = atLeast(sample, ReplicationCounter.RELAY_STATE, RELAYING);
        if (relaying < machines) {
            return new RoleReport(
                    "relays " + relaying + " of " + machines + " machines",
                    "it goes on by itself; see that agent and master target run and their UDP ports are reached",
                    false);
        }
        return new RoleReport("relays " + machines + plural(machines, " machine"), "nothing to do", true);
    }

    private static RoleReport masterTarget(final RoleSample sample) {
        final long machines = sample.subjects(ReplicationCounter.RECEIVE_STATE).size();
        if (machines == 0) {
            return new RoleReport("waits for machines", "start a process server that names this target", true);
        }
        if (atLeast(sample, ReplicationCounter.RECEIVE_STATE, POISONED) > 0) {
            return new RoleReport(
                    "a disk failed: what it was given after the last durable position is not safe here",
                    "read the errors below, mend the disk, start the role again; the source sends the rest again",
                    false);
        }
        if (atLeast(sample, ReplicationCounter.JOURNAL_HELD, 1) > 0
                || atLeast(sample, ReplicationCounter.REPLICA_HELD, 1) > 0) {
            return new RoleReport(
                    "held by a disk: " + heldBy(sample),
                    "make room on the disk or mend it; it goes on by itself and nothing is lost",
                    false);
        }
        final long full = sample.sum(ReplicationCounter.VIEWS_FULL);
        if (full > 0) {
            return new RoleReport(
                    "no room for what is written to " + full + plural(full, " view"),
                    "make room on the disk or close a view; their writers get ENOSPC, replication goes on",
                    false);
        }
        final long failedOver = atLeast(sample, ReplicationCounter.FAILOVER_PHASE, 1);
        if (failedOver > 0) {
            return new RoleReport(
                    "refuses the source of " + failedOver + plural(failedOver, " machine") + ": failed over",
                    "farshore failover status; then farshore commit, or farshore failover cancel",
                    false);
        }
        final long receiving = atLeast(sample, ReplicationCounter.RECEIVE_STATE, RECEIVING);
        if (receiving < machines) {
            return new RoleReport(
                    "receives from " + receiving + " of " + machines + " machines",
                    "see farshore stat at the process server and at the agents",
                    false);
        }
        return new RoleReport("receives from " + machines + plural(machines, " machine"), "nothing to do", true);
    }

    private static String heldBy(final RoleSample sample) {
        return sample.max(ReplicationCounter.JOURNAL_HELD) == NO_ROOM
                ? "there is no room for another journal segment"
                : "a replica volume does not take writes";
    }

    private static long atLeast(final RoleSample sample, final ReplicationCounter counter, final int code) {
        return sample.subjects(counter).stream()
                .filter(subject -> sample.value(counter, subject) >= code)
                .count();
    }

    private static String plural(final long count, final String noun) {
        return count == 1 ? noun : noun + "s";
    }

    /** A volume's state code in words. */
    static String volumeState(final long code) {
        return code >= 0 && code < VOLUME_STATES.size()
                ? VOLUME_STATES.get((int) code)
                : String.format(Locale.ROOT, "state %d", code);
    }

    /** Share of a volume that is at the target, as far as blocks still to be read and sent tell it. */
    static double copied(final RoleSample sample, final String volume) {
        final long size = sample.value(ReplicationCounter.VOLUME_SIZE, volume);
        final long left = sample.value(ReplicationCounter.VOLUME_TODO, volume)
                + sample.value(ReplicationCounter.VOLUME_SENT, volume);
        return size <= 0 ? 0 : Math.max(0, 1 - (double) left / size);
    }
}
