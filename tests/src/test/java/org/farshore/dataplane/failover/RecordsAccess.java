package org.farshore.dataplane.failover;

import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.RecordFile;

/** The records of views and failovers, for tests of other packages. */
public final class RecordsAccess {
    /** File of a failover's record. */
    public static final String FAILOVER = FailoverRecord.NAME;
    /** File of a view's record. */
    public static final String VIEW = ViewRecord.NAME;
    /** Bytes of one copy in either file. */
    public static final int COPY_LENGTH = RecordFile.COPY_LENGTH;

    private RecordsAccess() {}

    /** Reads a record of either kind. */
    public static Record load(final BlockFiles files, final Path directory, final boolean isView) {
        final RecordFile file = FailoverRecord.newFile(files);
        return isView ? ViewRecord.load(file, directory) : FailoverRecord.load(file, directory);
    }

    /** Stores what {@link #load} has read. */
    public static void store(final BlockFiles files, final Path directory, final Record record) {
        final RecordFile file = FailoverRecord.newFile(files);
        if (record instanceof ViewRecord view) {
            view.store(file, directory);
        } else {
            ((FailoverRecord) record).store(file, directory, 1, 2);
        }
    }

    /** A machine whose commit has come half through its second volume. */
    public static Record failover() {
        return new FailoverRecord(FailoverPhase.FLATTENING, 3, 2, 1 << 20, 1, 1 << 19, "3f2a91c0");
    }

    /** A view of two volumes; the directory that it is stored in must bear its id. */
    public static Record view(final String id) {
        final List<RecoveryPoint.PointVolume> volumes = List.of(
                new RecoveryPoint.PointVolume(new UUID(1, 2), 1, 1 << 20),
                new RecoveryPoint.PointVolume(new UUID(3, 4), 2, 1 << 19));
        final RecoveryPoint point = new RecoveryPoint(
                77, 77, 1 << 16, 2, 1_000, 2_000, BarrierKind.CRASH, false, true, "noon", volumes, true);
        return new ViewRecord(
                id,
                1,
                2,
                ViewPurpose.PLAIN,
                3_000,
                point,
                List.of(new ViewRecord.Volume("data", volumes.get(0)), new ViewRecord.Volume("log", volumes.get(1))));
    }
}
