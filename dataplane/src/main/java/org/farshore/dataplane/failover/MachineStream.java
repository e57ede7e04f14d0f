package org.farshore.dataplane.failover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.retire.StreamFence;
import org.farshore.dataplane.runtime.BlockFile;

/** What failover needs of one machine's stream at the master target. Any thread may call. */
public interface MachineStream {
    /** High half of the machine's id. */
    long machineIdHigh();

    /** Low half of the machine's id. */
    long machineIdLow();

    /** The machine's id as 32 hexadecimal digits; names its directory. */
    String machine();

    /** Whether the source is let in. */
    StreamFence fence();

    /** True when nothing that the source sent before it was refused is under way any more. */
    default boolean isFenceObeyed() {
        return fence().isObeyed();
    }

    /** Names of the volumes that have a replica here. */
    Map<UUID, String> volumeNames();

    /** Where the replica of a volume lies. */
    Path replica(UUID volume) throws IOException;

    /** True when a point that an earlier life of the role has shown was lost with the end of the journal. */
    boolean isLost(RecoveryPoint point);

    /** Opens a volume as it was; the overlay is made when there is none. */
    RecoveryView openView(RecoveryPoint point, UUID volume, Path overlay) throws ViewException;

    /**
     * The replica of a volume, for writing; at least as long as asked for. What the page cache has of it beyond the disk is
     * forgotten.
     */
    BlockFile openBase(UUID volume, long sizeBytes) throws IOException;

    /**
     * Withdraws the points below a position.
     *
     * @return false when somebody holds a moment below.
     */
    boolean raiseFloor(long position);

    /** Who holds moments of this stream, for people. */
    List<String> holders();

    /** Has nothing more of the journal brought into the replicas, or lets it go on. */
    void haltRetire(boolean halt);

    /** True when nothing is being brought into the replicas any more. */
    boolean isRetireHalted();

    /**
     * Gives up everything that the journal holds, and the versions and points with it: the replicas are the state, and the
     * generation begins anew. Asked again and again; the source is fenced and retire halted. Whoever asks once more after it
     * was done begins with it again.
     *
     * @return true when that is durable.
     */
    boolean isEmptied();
}
