package org.farshore.dataplane.runtime;

/**
 * Every counter of the product, registered once: type id (never reused; below 1000 is Aeron's), label, and meaning.
 * The label ends in its unit. Positions never go back within one life of the process; lag is the difference of two.
 */
public enum ReplicationCounter {
    // agent: capture
    CAPTURE_PRODUCER_POSITION(
            1000, "capture.producer.position.bytes", "end of the capture ring, as the kernel wrote it"),
    CAPTURE_TAKEN_POSITION(1001, "capture.taken.position.bytes", "how far the agent has taken the capture ring"),
    CAPTURE_RELEASED_POSITION(
            1002, "capture.released.position.bytes", "how far the ring is free again: acknowledged durable"),
    CAPTURE_RING_LENGTH(1003, "capture.ring.length.bytes", "length of the capture ring"),
    CAPTURED_BYTES(1004, "captured.bytes", "payload of captured writes taken from the ring"),
    CAPTURED_RECORDS(1005, "captured.count", "captured writes, discards and write-zeroes taken from the ring"),
    CAPTURE_DROPPED(1006, "capture.dropped.count", "records that found no ring space; their blocks are read again"),
    CAPTURE_GAP_EPOCH(1007, "capture.gap.epoch.count", "times that order was lost"),
    CAPTURE_MISSED_RUNS(1008, "capture.missed.runs.count", "runs of a capture program that the kernel skipped"),
    CAPTURE_FAILED_WRITES(1009, "capture.failed.writes.count", "writes that the device refused"),
    CAPTURE_AGED(1010, "capture.aged.count", "writes whose completion was never seen, read again after ageing"),
    // agent: volumes (subject = volume name)
    VOLUME_SIZE(1020, "volume.size.bytes", "size of the protected volume"),
    VOLUME_STATE(1021, "volume.state.code", "0 waiting, 1 initial copy, 2 comparing, 3 resync, 4 repair, 5 ordered"),
    VOLUME_TODO(1022, "volume.todo.bytes", "blocks still to be read from the device"),
    VOLUME_SENT(1023, "volume.sent.bytes", "blocks read and sent, not yet durable"),
    INITIAL_COPY_BYTES(1024, "initial.copy.bytes", "blocks read for the initial copy, zero blocks too"),
    RESYNC_BYTES(1025, "resync.bytes", "blocks read again after order was lost or a compare found a difference"),
    REPAIR_BYTES(1026, "repair.bytes", "sectors read again after overlapping or failed writes or an agent restart"),
    COMPARED_BYTES(1027, "compared.bytes", "bytes compared by hash with the replica"),
    // agent: stream
    SESSION_STATE(1040, "session.state.code", "0 disconnected, 1 hello sent, 2 opening, 3 streaming"),
    SESSION_INCARNATION(1041, "session.incarnation.count", "incarnation given by the receiver"),
    SENT_SEQUENCE(1042, "sent.sequence.count", "sequence of the newest record sent"),
    DURABLE_SEQUENCE(
            1043, "durable.sequence.count", "sequence of the newest record known durable at the master target"),
    SENT_BYTES(1044, "sent.bytes", "bytes of messages given to the network"),
    SENT_PAYLOAD_BYTES(1045, "sent.payload.bytes", "payload bytes in them: captured writes and chunks"),
    DURABLE_PAYLOAD_BYTES(1046, "durable.payload.bytes", "payload bytes known durable at the master target"),
    BACK_PRESSURE(1047, "back.pressure.count", "times the network had no room"),
    BARRIERS(1048, "barriers.count", "recovery points cut"),
    RECOVERY_LAG(1050, "recovery.lag.ms", "age of the newest durable cut: what would be lost now"),
    RECOVERY_LAG_P50(1051, "recovery.lag.p50.ms", "median time from capture to durable since start"),
    RECOVERY_LAG_P99(1052, "recovery.lag.p99.ms", "99th percentile of the time from capture to durable since start"),
    RECOVERY_LAG_MAX(1053, "recovery.lag.max.ms", "longest time from capture to durable since start"),
    // process server (subject = machine)
    RELAY_STATE(1100, "relay.state.code", "0 connecting, 1 hello passed, 2 relaying"),
    RELAY_RECEIVED_SEQUENCE(1101, "relay.received.sequence.count", "newest sequence received from the agent"),
    RELAY_SHIPPED_SEQUENCE(
            1102, "relay.shipped.sequence.count", "newest sequence given to the network towards the target"),
    OPTIMISE_IN_BYTES(1103, "optimise.in.bytes", "payload bytes before optimisation"),
    OPTIMISE_OUT_BYTES(1104, "optimise.out.bytes", "payload bytes after it"),
    OPTIMISE_ZERO_BYTES(1105, "optimise.zero.bytes", "payload bytes replaced by a flag because they were zero"),
    OPTIMISE_PASSED_BYTES(1106, "optimise.passed.bytes", "payload bytes that the probe found incompressible"),
    // master target (subject = machine)
    RECEIVE_STATE(1200, "receive.state.code", "0 no session, 1 opening, 2 receiving, 3 poisoned"),
    RECEIVE_SEQUENCE(1201, "receive.sequence.count", "newest sequence received"),
    RECEIVE_BYTES(1202, "receive.bytes", "bytes of messages received"),
    RECEIVE_REJECTED(1203, "receive.rejected.count", "messages or connections refused"),
    JOURNAL_APPENDED_POSITION(1210, "journal.appended.position.bytes", "end of the journal in memory"),
    JOURNAL_DURABLE_POSITION(1211, "journal.durable.position.bytes", "end of the journal on the disk"),
    JOURNAL_APPLIED_POSITION(1212, "journal.applied.position.bytes", "how far the journal is in the replica, synced"),
    JOURNAL_SYNCS(1213, "journal.syncs.count", "group commits"),
    JOURNAL_SYNC_MAX(1214, "journal.sync.max.us", "longest group commit since start"),
    JOURNAL_SEGMENTS(1215, "journal.segments.count", "segment files"),
    JOURNAL_HELD(1216, "journal.held.code", "0 no, 1 no room for another segment, 2 a replica does not take chunks"),
    JOURNAL_REUSED(1217, "journal.reused.count", "segments begun in the file of an older one"),
    APPLIED_SEQUENCE(1220, "applied.sequence.count", "sequence up to which the replica is written and synced"),
    APPLIED_BYTES(1221, "applied.bytes", "bytes written to replica volumes"),
    DIRECT_BYTES(1222, "direct.bytes", "chunk bytes written straight to a replica volume"),
    ZEROED_BYTES(1223, "zeroed.bytes", "bytes zeroed or discarded on replica volumes"),
    COMPARE_READ_BYTES(1224, "compare.read.bytes", "bytes of replica volumes read and hashed"),
    POINTS(1225, "points.count", "recovery points received"),
    REPLICA_HELD(1226, "replica.held.code", "1 while a replica fails; what it lacks stays in the journal, tried again"),
    RETENTION_WINDOW(1230, "retention.window.ms", "how far back one can go, in the protected machine's time"),
    RETENTION_FLOOR(1231, "retention.floor.position.bytes", "points below this journal position are withdrawn"),
    RETENTION_USED(1232, "retention.used.bytes", "journal that holds what may be asked for, and cannot be reused"),
    RETENTION_ALARM(1233, "retention.alarm.code", "1 while more than 80 % of the journal's limit is in use"),
    RETENTION_POINTS(1234, "retention.points.count", "recovery points above the floor"),
    INDEX_VERSIONS(1240, "index.versions.count", "versions of blocks above the horizon"),
    INDEX_POSITION(1241, "index.position.bytes", "how far the version index has read the journal"),
    INDEX_MEMORY(1242, "index.memory.bytes", "memory of the version index"),
    VIEW_FRAMES_DECODED(1250, "view.frames.decoded.count", "journal frames read and unpacked for views"),
    VIEW_FRAME_HITS(1251, "view.frame.hits.count", "journal frames that views found unpacked in memory"),
    VIEW_READ_ERRORS(1252, "view.read.errors.count", "reads of views refused because a journal frame is damaged"),
    VIEWS(1253, "views.count", "recovery views open now"),
    FAILOVER_PHASE(
            1254,
            "failover.phase.code",
            "0 the source owns the disks, 1 fenced, 2 failed over, 3 to 5 being committed, 6 committed"),
    VIEWS_FULL(1255, "views.full.count", "views whose own writes find no room on the disk; their writers get ENOSPC"),
    // master target: NBD server (subject of the last = reason)
    NBD_CONNECTIONS(1260, "nbd.connections.count", "NBD connections open now"),
    NBD_REQUESTS(1261, "nbd.requests.count", "NBD requests answered"),
    NBD_READ_BYTES(1262, "nbd.read.bytes", "data bytes sent to NBD clients; holes are not sent"),
    NBD_WRITTEN_BYTES(1263, "nbd.written.bytes", "bytes NBD clients have written"),
    NBD_ERRORS(1264, "nbd.errors.count", "NBD requests answered with an error"),
    NBD_CLOSED(1265, "nbd.closed.count", "NBD connections ended or refused, by reason"),
    // every role
    MALFORMED(1300, "malformed.count", "messages dropped because they broke a bound or a checksum"),
    ROLE_PID(1301, "role.pid", "process id of the role");

    private final int typeId;
    private final String label;
    private final String meaning;

    ReplicationCounter(final int typeId, final String label, final String meaning) {
        this.typeId = typeId;
        this.label = label;
        this.meaning = meaning;
    }

    /** Aeron counter type id, 1000 upward. */
    public int typeId() {
        return typeId;
    }

    /** Dotted name that ends in its unit. */
    public String label() {
        return label;
    }

    /** One sentence for the manual page. */
    public String meaning() {
        return meaning;
    }

    /** The counter with this type id, or null. */
    public static ReplicationCounter byTypeId(final int typeId) {
        for (final ReplicationCounter counter : values()) {
            if (counter.typeId == typeId) {
                return counter;
            }
        }
        return null;
    }
}
