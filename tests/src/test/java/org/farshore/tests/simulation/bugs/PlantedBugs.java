package org.farshore.tests.simulation.bugs;

import static org.farshore.tests.simulation.bugs.PlantedBug.of;

import java.util.List;
import org.farshore.tests.simulation.LeaveHunt;
import org.farshore.tests.simulation.PinHunt;
import org.farshore.tests.simulation.RotHunt;
import org.farshore.tests.simulation.RottenViewHunt;
import org.farshore.tests.simulation.WindowHunt;

/**
 * The mistakes that the simulation must find. Each has been made by somebody, in this product or in its models, or is what
 * a rule of the design was written against; the letters are those of the design's rules, I1 to I10 its invariants.
 */
final class PlantedBugs {
    private PlantedBugs() {}

    static final List<PlantedBug> ALL = List.of(

            // what is acknowledged

            of("ack before sync", "I2: the journal is synced before anybody is told that it is durable")
                    .inDataplane("journal/JournalCommitter.java", "ring.sync(group.segmentNumber());", ""),
            of("a chunk is acknowledged before the replica is synced", "G2: a direct chunk is durable when the base is")
                    .inDataplane("retire/DirectBatch.java", "replicas[i].syncDirect();", ""),
            of("the journal is freed before the replica is synced", "F1: the horizon rises after the base sync")
                    .inDataplane(
                            "retire/StreamApply.java",
                            "if (replica.isApplyDirty()) { replica.sync();",
                            "if (replica.isApplyDirty() && nowNs < 0) { replica.sync();"),
            of("consumer position moved before the ack", "I2: the ring is the resend buffer")
                    .inAgent(
                            "stream/CaptureStream.java",
                            "sent.addWrites(writer.lastSequence(), timeNs, cutTimeNs, payloadLength);",
                            "sent.addWrites(writer.lastSequence(), timeNs, cutTimeNs, payloadLength); source.release(taken);"),

            // numbers

            of("the sender numbers by itself after a restart", "A1: Welcome is the only source of numbers")
                    .inAgent(
                            "stream/RecordWriter.java",
                            "nextSequence = firstSequence;",
                            "nextSequence = Math.max(nextSequence, 1);"),
            of("gap accepted", "I3: exactly the next sequence, and the chain, or the connection ends")
                    .inDataplane("ship/StreamMessageChecker.java", """
                            if (message.firstSequence() != nextSequence) {
                                return "sequence " + message.firstSequence() + " where " + nextSequence + " is next";
                            }
                            if (message.previousChecksum() != previousChecksum) {
                                return "chain broken at sequence " + nextSequence + ": behind " + hex(message.previousChecksum())
                                        + " where " + hex(previousChecksum) + " was received";
                            }
                            """, """
                            if (message.firstSequence() < nextSequence) {
                                return "sequence " + message.firstSequence() + " where " + nextSequence + " is next";
                            }
                            """),
            of("older incarnation accepted", "A1: pieces behind the END of an incarnation that ended are void")
                    .inDataplane(
                            "retire/FrameGatherer.java",
                            "messageHeader); tailPosition = NO_POSITION;",
                            "messageHeader);"),

            // the journal

            of("rot cut off as a torn tail", "F3: what was acknowledged is damaged, not torn")
                    .inDataplane(
                            "journal/JournalScan.java",
                            "if (go == UNKNOWN && durableByState() <= position) {",
                            "if (true) {"),
            of("a zeroed range keeps an older write", "the last write wins, whatever its kind")
                    .inDataplane(
                            "retire/ApplyBatch.java", "arena.drop(replica, firstWhole, endWhole - firstWhole);", ""),

            // chunks on their straight way

            of("a chunk overtakes a journalled write", "G1: the journal, while a block has a frame that is not applied")
                    .inDataplane(
                            "receive/MessageIntake.java",
                            "|| stream.unapplied().isMarked(number, message.extentOffset(i), message.extentLength(i))",
                            ""),
            of("blocks are called applied too early", "G1: a mark stays until the replica has passed its frame")
                    .inDataplane(
                            "retire/UnappliedBlocks.java",
                            "appliedPosition > old.newestPosition ? clearOld() : 0",
                            "clearOld()"),
            of("replica written directly though points exist", "G1: never straight into a volume that has converged")
                    .inDataplane("receive/MessageIntake.java", "if (volume.everConverged() || stream", "if (stream"),

            // read-back

            of("completion judged at the end of the read", "c: in flight is what was when the read was issued")
                    .inAgent("stream/ReadBack.java", "if (error != 0) { failedCount++; }", """
                            for (final OpenRead read : reads) {
                                if (read.isOpen() && read != reads[reads.length - 1]) {
                                    read.clearHoles();
                                    seedHoles(read);
                                }
                            }
                            """),
            of("holes only of writes taken during the read", "c: what was in flight at the issue is a hole too")
                    .inAgent(
                            "stream/ReadBack.java",
                            "read.begin(offset, Math.min(length, sizeBytes - offset)); seedHoles(read); final",
                            "read.begin(offset, Math.min(length, sizeBytes - offset)); final"),
            of("no holes of writes taken during the read", "c: what is written while it is read is a hole")
                    .inAgent("stream/ReadBack.java", "read.addHole(offset, length);", ""),
            of("holes are whole blocks", "c: the other sectors of the block come with no record")
                    .inAgent(
                            "stream/ReadBack.java",
                            "read.addHole(offset, length);",
                            "read.addHole(offset & -4096, (offset + length + 4095 & -4096) - (offset & -4096));"),
            of("unmatched completions ignored", "c: an unseen write is read again once the device has it")
                    .inAgent("stream/ReadBack.java", "unmatchedCount++; todo.setRange(block, 1);", "unmatchedCount++;"),
            of("in-flight kept over a gap", "c: nothing older than the gap is known any more")
                    .inAgent("stream/ReadBack.java", "inFlight.forget(volume);", ""),
            of("reads before the backlog is taken", "c: the ring is drained before a lost block is read")
                    .inAgent("stream/ReadBack.java", "return drainPosition == NONE; }", "return true; }"),
            of("lost bits at submission only", "B1: a completion without room marks its blocks too")
                    .inKernelModel(
                            "lose(ended.volume(), ended.offset(), ended.bytes().length);", "dropped++; gapEpoch++;"),
            of("todo lost with the agent", "B3: what is to be read is pinned")
                    .inAgent(
                            "stream/ProtectedVolume.java",
                            "readBack.phase(pinnedPhase());",
                            "readBack.phase(pinnedPhase()); source.todo(device.number()).clearRange(0, source.todo(device.number()).blockCount());"),
            of("a block being read is in no bits", "B3: sent covers a block from the issue of its read")
                    .inAgent("stream/ReadBack.java", "sent.setRange(block, count);", ""),
            of("what the last connection sent is believed", "B3: a chunk that is not durable is read again")
                    .inAgent("stream/ProtectedVolume.java", "readBack.sentIsVoid();", ""),
            of("a failed write is left alone", "A8: the stream has it, the device has not")
                    .inAgent("stream/ReadBack.java", "if (error != 0) { todo.setRange(block, 1);", "if (error != 0) {"),
            of("overlapping writes are left alone", "A8: they may reach the device in the other order")
                    .inAgent("stream/ReadBack.java", "todo.setRange(block, 1); overlapMarked = true;", ""),

            // cuts

            of("CONVERGED without the end mark", "D1: the ring is taken past the end of the last read")
                    .inAgent("stream/ReadBack.java", "|| takenPosition < markPosition", ""),
            of("cut while a bio is open", "A6: a point never lies inside a bio")
                    .inAgent("CaptureAgent.java", "stream.isAtEnd() && barriers", "barriers"));

    /**
     * Those that show only where a window of the past is kept. {@code 4.n} is the n-th of the design's likely mistakes; its
     * fifth and sixth, both about the order of syncs, are found by the crash lab: {@link CrashLabBugsTest}.
     *
     * <p>Where a first seed is named, it is one that an earlier hunt came to. The hunt begins there to be short: the table
     * proves that such worlds come to it and that something notices, not how soon.
     */
    static final List<PlantedBug> PAST = List.of(
            of("points behind rot stay offered", "F3, 4.7: states that lack writes are withdrawn")
                    .inDataplane("recover/HistoryDamage.java", "points.withdraw(open, to);", "")
                    .inDataplane(
                            "recover/HistoryDamage.java",
                            "return position > last.from && position <= last.to;",
                            "return false;")
                    .huntedBy(RotHunt.class)
                    .fromSeed(35),
            of("segments are reused while lookups read them", "F2, 4.8: the index leaves a segment first")
                    .inDataplane(
                            "retire/RetireTarget.java",
                            "if (horizon == 0 || !history.isHorizonRaised(horizon)) {",
                            "if (horizon == 0) {")
                    .inDataplane(
                            "retire/RetireTarget.java",
                            "history.raiseHorizon(position); horizon = position;",
                            "horizon = position;")
                    .huntedBy(WindowHunt.class)
                    .fromSeed(19),
            of("a discard is indexed block by block", "F5, 4.10: zeros over a long stretch are a few versions")
                    .inDataplane(
                            "index/JournalFollower.java",
                            "if (kind == VersionEntryFlyweight.KIND_WRITE || endRegion <= firstRegion) {",
                            "if (true) {")
                    .huntedBy(IndexHunt.class),
            of("jumps never grow", "F7, 4.10: any version of a block is found in 3 log n + 8 steps")
                    .inDataplane(
                            "index/VersionAppender.java", "jump = beyond.jump(); exponent = exponentBefore + 1;", "")
                    .huntedBy(IndexHunt.class),
            of("retire passes a moment that a view holds", "F1: leases hold the floor down")
                    .inDataplane("recover/ViewLeases.java", "Math.min(wanted, lowestHeldPosition())", "wanted")
                    .inDataplane(
                            "retire/RetireTarget.java",
                            "? Math.min(target, history.leases().lowestHeldPosition()) : target",
                            "? target : target")
                    .huntedBy(WindowHunt.class)
                    .fromSeed(35),
            of("the last point of a volume out of order is given up", "D4: it stays until a newer one names the volume")
                    .inDataplane("recover/RetentionRule.java", "Math.min(keep, aged)", "aged")
                    .huntedBy(WindowHunt.class)
                    .fromSeed(19),
            of("a chunk overtakes a version that is still found", "G1: the index prefers versions to the base")
                    .inDataplane(
                            "retire/TargetStream.java",
                            "return history == null ? apply.appliedPosition() : history.horizonPosition();",
                            "return apply.appliedPosition();")
                    .huntedBy(WindowHunt.class)
                    .fromSeed(146),
            of("volumes behind damage are unknown to the replica", "F3: a lost record costs what it held, no more")
                    .inDataplane(
                            "retire/FrameGatherer.java",
                            "if (!fits && lenient) { recallLostVolumes();",
                            "if (!fits && lenient) {")
                    .huntedBy(RotHunt.class)
                    .fromSeed(12),
            of("a view is whole again when the floor passes lost journal", "F3: the base copies must have passed it")
                    .inDataplane(
                            "recover/PastVolumes.java",
                            "return damage.isLacking(range, position, history.baseHorizon());",
                            "return damage.isLacking(range, position, history.leases().floor());")
                    .huntedBy(RottenViewHunt.class),
            of("a volume whose first record rotted has no past", "G1: chunks do not overtake what its first time left")
                    .inDataplane(
                            "receive/MessageIntake.java",
                            "if (known == null && !opening.replica().isUntouched()) {",
                            "if (known == null && opening.replica() == null) {")
                    .inDataplane(
                            "retire/TargetStreams.java",
                            "if (volume == null || !volume.everConverged()) {",
                            "if (volume != null && !volume.everConverged()) {")
                    .huntedBy(RottenViewHunt.class)
                    .fromSeed(262),
            of("a volume that comes back has no past", "G1: chunks do not overtake what its first time left")
                    .inDataplane(
                            "receive/MessageIntake.java",
                            "if (known == null && !opening.replica().isUntouched()) {",
                            "if (known == null && opening.replica() == null) {")
                    .huntedBy(LeaveHunt.class),
            of("points of a volume that left are given up", "D4: they stay for the window")
                    .inDataplane(
                            "recover/RetentionRule.java",
                            "final boolean isValid = point.ordered() != 0 &&",
                            "final boolean isValid = (point.ordered() & catalogue.known()) != 0 &&")
                    .huntedBy(LeaveHunt.class)
                    .fromSeed(191),
            of("a start forgets what pins hold", "D4: a pinned point stays until it is given up")
                    .inDataplane(
                            "recover/Pins.java",
                            "leaseByName.put(pin.name(), leases.hold(pin.position(), \"pin \" + pin.name()));",
                            "leaseByName.put(pin.name(), null);")
                    .huntedBy(PinHunt.class));
}
