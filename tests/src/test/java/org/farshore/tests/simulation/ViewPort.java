package org.farshore.tests.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.farshore.dataplane.nbd.FileExport;
import org.farshore.dataplane.nbd.NbdAccess;
import org.farshore.dataplane.nbd.NbdError;
import org.farshore.dataplane.nbd.NbdOutcome;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.ViewAccess;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.runtime.BlockFiles;

/** One connection to a volume that is served: the bytes of a view, or of the replica once it is the disk itself. */
abstract class ViewPort {
    /** Why a call was refused. */
    enum Refusal {
        /** No space; nothing was harmed. */
        FULL,
        /** A disk refused. */
        DISK,
        /** A sync has failed: nothing is answered any more. */
        STOPPED,
        /** The version index is being read. */
        INDEX,
        /** What is needed cannot be read any more. */
        DAMAGED
    }

    private String complaint = "";

    /** Makes a connection to a view. */
    static ViewPort of(final RecoveryView view) {
        return new View(view.newAccess());
    }

    /** Makes a connection to a replica. */
    static ViewPort of(final BlockFiles files, final Path replica) throws IOException {
        return new Replica(new FileExport(files, replica, false).open());
    }

    /** Null when it went well. */
    abstract Refusal read(long offset, ByteBuffer target);

    abstract Refusal write(long offset, ByteBuffer source);

    abstract Refusal zero(long offset, long length, boolean mayLeaveHole);

    abstract Refusal flush();

    /** True when behind a sync that failed reads are still answered. */
    boolean isReplica() {
        return this instanceof Replica;
    }

    /** What the last refusal said. */
    String complaint() {
        return complaint;
    }

    private interface Call {
        void run() throws ViewException;
    }

    private static final class View extends ViewPort {
        private final ViewAccess access;

        View(final ViewAccess access) {
            this.access = access;
        }

        private Refusal call(final Call call) {
            try {
                call.run();
                return null;
            } catch (final ViewException e) {
                super.complaint = e.reason() + ", " + e.getMessage();
                return switch (e.reason()) {
                    case DISK_FULL -> Refusal.FULL;
                    case DISK -> Refusal.DISK;
                    case OVERLAY_STOPPED -> Refusal.STOPPED;
                    case INDEX -> Refusal.INDEX;
                    case FRAME_DAMAGED, PRESENCE_DAMAGED, WITHDRAWN -> Refusal.DAMAGED;
                };
            }
        }

        @Override
        Refusal read(final long offset, final ByteBuffer target) {
            return call(() -> access.read(offset, target));
        }

        @Override
        Refusal write(final long offset, final ByteBuffer source) {
            return call(() -> access.write(offset, source));
        }

        @Override
        Refusal zero(final long offset, final long length, final boolean mayLeaveHole) {
            return call(mayLeaveHole ? () -> access.zero(offset, length) : () -> access.writeZeros(offset, length));
        }

        @Override
        Refusal flush() {
            return call(access::flush);
        }
    }

    private static final class Replica extends ViewPort {
        private final NbdAccess access;
        private final NbdOutcome outcome = new NbdOutcome();

        Replica(final NbdAccess access) {
            this.access = access;
        }

        private Refusal answer() {
            if (outcome.isGood()) {
                return null;
            }
            super.complaint = outcome.error() + ", " + outcome.message();
            final boolean isStopped = outcome.message().startsWith("a sync has failed");
            final boolean isFull = outcome.error() == NbdError.ENOSPC;
            outcome.reset();
            return isStopped ? Refusal.STOPPED : isFull ? Refusal.FULL : Refusal.DISK;
        }

        @Override
        Refusal read(final long offset, final ByteBuffer target) {
            access.read(offset, target, outcome);
            return answer();
        }

        @Override
        Refusal write(final long offset, final ByteBuffer source) {
            access.write(offset, source, outcome);
            return answer();
        }

        @Override
        Refusal zero(final long offset, final long length, final boolean mayLeaveHole) {
            access.writeZeroes(offset, length, mayLeaveHole, outcome);
            return answer();
        }

        @Override
        Refusal flush() {
            access.flush(outcome);
            return answer();
        }
    }
}
