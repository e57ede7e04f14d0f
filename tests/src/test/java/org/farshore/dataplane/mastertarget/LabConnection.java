package org.farshore.dataplane.mastertarget;

import org.farshore.dataplane.retire.TargetStreams;
import org.farshore.dataplane.ship.Links;

/** One connection of the crash lab's sender. In the product's package for the sake of the sender that its tests have. */
public final class LabConnection {
    /** High half of the machine's id. */
    public static final long MACHINE_HIGH = 0xC4A5;
    /** Low half of it. */
    public static final long MACHINE_LOW = 0x1AB;
    /** The machine's id as it names directories. */
    public static final String MACHINE = TargetStreams.hex(MACHINE_HIGH, MACHINE_LOW);

    private static final long CAPTURE = 9;

    private final TestSender sender;

    /** Connects to the master target that listens on these links. */
    public LabConnection(final Links links, final long connectionId) {
        sender = new TestSender(links, MasterTargetContext.LISTEN_DEFAULT, connectionId, MACHINE_HIGH, MACHINE_LOW);
    }

    /** Says Hello; false when it cannot be said yet. */
    public boolean hello() {
        return sender.hello(CAPTURE);
    }

    /** Takes what the master target has said. */
    public void poll() {
        sender.poll();
    }

    /** Sends a message; false when there is no room on the way. */
    public boolean send(final byte[] message) {
        return sender.send(message);
    }

    /** True when Hello was answered and messages may be sent. */
    public boolean isOpen() {
        return sender.welcome != null && sender.isDataConnected();
    }

    /** True when Hello was answered. */
    public boolean isWelcomed() {
        return sender.welcome != null;
    }

    /** Generation as Welcome names it. */
    public int generation() {
        return sender.welcome.generation();
    }

    /** Incarnation as Welcome names it. */
    public int incarnation() {
        return sender.welcome.incarnation();
    }

    /** The sequence that Welcome asks for next. */
    public long nextSequence() {
        return sender.welcome.nextSequence();
    }

    /** Capture position as Welcome names it. */
    public long capturePosition() {
        return sender.welcome.capturePosition();
    }

    /** Newest sequence that was acknowledged as durable, or -1. */
    public long durableSequence() {
        return sender.durableSequence;
    }

    /** Why the master target sent the sender away, or null. */
    public String refusal() {
        return sender.rejected == null ? null : sender.rejected + " " + sender.rejectText;
    }
}
