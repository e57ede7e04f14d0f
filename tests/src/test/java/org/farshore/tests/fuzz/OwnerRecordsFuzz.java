package org.farshore.tests.fuzz;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.failover.RecordsAccess;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The records that say who owns the disks of a machine, and of which moment a view is. What is read can be stored and read
 * again; anything else is refused. The first byte of an input says which record it is and which copies get their checksum
 * again, the rest is the file.
 */
public final class OwnerRecordsFuzz {
    private static final Path DIRECTORY = Path.of("/machine/views/3f2a91c0");
    private static final int VIEW = 4;

    private OwnerRecordsFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (input.length == 0) {
            return;
        }
        final byte[] file = new byte[2 * RecordsAccess.COPY_LENGTH];
        System.arraycopy(input, 1, file, 0, Math.min(file.length, input.length - 1));
        for (int copy = 0; copy < 2; copy++) {
            if ((input[0] >> copy & 1) != 0) {
                seal(file, copy * RecordsAccess.COPY_LENGTH);
            }
        }
        final boolean isView = (input[0] & VIEW) != 0;
        final Path path = path(isView);
        final Record read;
        try {
            read = RecordsAccess.load(new HeapFiles().put(path, file), DIRECTORY, isView);
        } catch (final FarshoreException e) {
            RecordMessageFuzz.require(e.getMessage().contains(path.toString()), e.getMessage());
            return;
        }
        final HeapFiles fresh = new HeapFiles();
        RecordsAccess.store(fresh, DIRECTORY, read);
        RecordMessageFuzz.require(
                RecordsAccess.load(fresh, DIRECTORY, isView).equals(read), "another record is read again than " + read);
    }

    private static Path path(final boolean isView) {
        return DIRECTORY.resolve(isView ? RecordsAccess.VIEW : RecordsAccess.FAILOVER);
    }

    private static void seal(final byte[] file, final int at) {
        final CRC32C checksum = new CRC32C();
        checksum.update(file, at + Integer.BYTES, RecordsAccess.COPY_LENGTH - Integer.BYTES);
        new UnsafeBuffer(file).putInt(at, (int) checksum.getValue(), Inputs.LE);
    }

    static List<byte[]> seeds() {
        final HeapFiles files = new HeapFiles();
        RecordsAccess.store(files, DIRECTORY, RecordsAccess.failover());
        RecordsAccess.store(files, DIRECTORY, RecordsAccess.view("3f2a91c0"));
        final byte[] failover = files.get(path(false));
        final byte[] view = files.get(path(true));
        return List.of(
                Inputs.input(0, failover),
                Inputs.input(VIEW, view),
                Inputs.input(1, Arrays.copyOf(failover, 300)),
                Inputs.input(VIEW + 1, Arrays.copyOf(view, 400)));
    }
}
