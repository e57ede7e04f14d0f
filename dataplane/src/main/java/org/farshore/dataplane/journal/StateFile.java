package org.farshore.dataplane.journal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.journal.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.journal.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.journal.StateRecordDecoder;
import org.farshore.dataplane.codecs.journal.StateRecordEncoder;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Crc32c;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The file {@code state} of a stream: two copies of a StateRecord (journal schema) that are written in turn, so that one is
 * whole whatever happens to the other. 16 KiB each: 64 volumes with long names fit.
 *
 * <pre>
 *  offset      0  copy 0: records with an even counter
 *  offset 16,384  copy 1: records with an odd counter
 * </pre>
 *
 * <p>The file is made under another name and renamed, so that a file {@code state} always holds at least one valid copy. One
 * thread.
 */
public final class StateFile implements AutoCloseable {
    /** Name of the file in the directory of a stream. */
    public static final String NAME = "state";
    /** Longest name of a volume, bytes of ASCII. */
    public static final int VOLUME_NAME_LENGTH_MAX = 128;
    /** Most volumes of a stream. */
    public static final int VOLUMES_MAX = 64;
    /** Bytes of one copy. */
    static final int COPY_LENGTH = 16 << 10;

    /** What a record of schema version 0 has; everything behind was added since. */
    private static final int BLOCK_LENGTH_V0 = StateRecordDecoder.retentionWindowNsEncodingOffset();

    private static final int CHECKSUM_OFFSET = MessageHeaderEncoder.ENCODED_LENGTH;

    private final BlockFiles files;
    private final Path directory;
    private final Path path;
    private final ByteBuffer bytes = BufferUtil.allocateDirectAligned(COPY_LENGTH, JournalLimits.BLOCK_LENGTH);
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    private final MessageHeaderEncoder messageHeaderEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder messageHeaderDecoder = new MessageHeaderDecoder();
    private final StateRecordEncoder encoder = new StateRecordEncoder();
    private final StateRecordDecoder decoder = new StateRecordDecoder();
    private BlockFile file;
    private long counter = -1;
    private boolean oneCopyDamaged;
    private boolean poisoned;

    /** @param directory of the stream; must exist before {@link #store}. */
    public StateFile(final BlockFiles files, final Path directory) {
        this(files, directory, NAME);
    }

    /** A file of the same form under another name. */
    public StateFile(final BlockFiles files, final Path directory, final String name) {
        this.files = files;
        this.directory = directory;
        this.path = directory.resolve(name);
    }

    /**
     * Reads the newer valid copy past the page cache; null when there is no file.
     *
     * @throws FarshoreException STORAGE when the file cannot be read, or no copy in it is valid.
     */
    public StreamState load() {
        forgetEarlierLife();
        return load(BlockFiles.Mode.READ_DIRECT);
    }

    /** What a failed sync gave up must not be taken for written; see {@link JournalRecovery}. */
    private void forgetEarlierLife() {
        if (!files.exists(path)) {
            return;
        }
        try (BlockFile file = files.open(path, BlockFiles.Mode.WRITE)) {
            file.sync();
            file.forgetCached();
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "cannot sync " + path + ": " + e.getMessage(), e);
        }
    }

    StreamState load(final BlockFiles.Mode mode) {
        if (!files.exists(path)) {
            return null;
        }
        StreamState newest = null;
        int valid = 0;
        int written = 0;
        try (BlockFile reading = files.open(path, mode)) {
            for (int copy = 0; copy < 2; copy++) {
                reading.read(bytes.clear(), (long) copy * COPY_LENGTH);
                if (isZero()) {
                    continue;
                }
                written++;
                final StreamState state = isValid(copy) ? decode() : null;
                if (state != null) {
                    valid++;
                    if (decoder.counter() > counter) {
                        counter = decoder.counter();
                        newest = state;
                    }
                }
            }
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "cannot read " + path + ": " + e.getMessage(), e);
        }
        if (newest == null) {
            throw new FarshoreException(
                    ExitCode.STORAGE,
                    "both copies of the state record are damaged: " + path
                            + "; move the stream's directory away, the replica is then filled again");
        }
        oneCopyDamaged = valid < written;
        return newest;
    }

    /** True when {@link #load} found only one copy valid: it may be one storing older than the lost one. */
    public boolean isOneCopyDamaged() {
        return oneCopyDamaged;
    }

    /** Number of the newest record, for tools. */
    public long counter() {
        return counter;
    }

    /**
     * Stores and syncs; on return a stop at any moment finds this state or a newer one.
     *
     * @throws FarshoreException STORAGE when a disk failed; this file is then not written again.
     */
    public void store(final StreamState state) {
        if (poisoned) {
            throw new FarshoreException(ExitCode.STORAGE, path + " failed before and is not written again");
        }
        try {
            encode(state, counter + 1);
            if (counter < 0) {
                create();
            } else {
                if (file == null) {
                    file = files.open(path, BlockFiles.Mode.WRITE);
                }
                file.write(bytes.clear(), ((counter + 1) & 1) * COPY_LENGTH);
                file.sync();
            }
            counter++;
        } catch (final IOException e) {
            poisoned = true;
            throw new FarshoreException(
                    ExitCode.STORAGE,
                    "cannot store the state of a stream in " + directory + ": " + e.getMessage()
                            + "; it is not written again: see to the disk, then start again",
                    e);
        }
    }

    private void create() throws IOException {
        final Path unfinished = path.resolveSibling(path.getFileName() + ".new");
        files.delete(unfinished);
        try (BlockFile created = files.open(unfinished, BlockFiles.Mode.WRITE)) {
            created.write(bytes.clear(), 0);
            created.write(BufferUtil.allocateDirectAligned(COPY_LENGTH, JournalLimits.BLOCK_LENGTH), COPY_LENGTH);
            created.sync();
        }
        files.rename(unfinished, path);
        files.syncDirectory(directory);
    }

    private void encode(final StreamState state, final long newCounter) {
        if (state.volumes().size() > VOLUMES_MAX) {
            throw new IllegalArgumentException(state.volumes().size() + " volumes, at most " + VOLUMES_MAX);
        }
        buffer.setMemory(0, COPY_LENGTH, (byte) 0);
        encoder.wrapAndApplyHeader(buffer, 0, messageHeaderEncoder)
                .checksum(0)
                .generation(state.generation())
                .counter(newCounter)
                .machineIdHigh(state.machineIdHigh())
                .machineIdLow(state.machineIdLow())
                .incarnation(state.incarnation())
                .segmentLength(state.segmentLength())
                .captureIdHigh(state.captureIdHigh())
                .captureIdLow(state.captureIdLow())
                .floor(state.floor())
                .horizon(state.horizon())
                .appliedPosition(state.appliedPosition())
                .appliedSequence(state.appliedSequence())
                .appliedCapturePosition(state.appliedCapturePosition())
                .durablePosition(state.durablePosition())
                .retentionWindowNs(state.retentionWindowNs())
                .journalLost((short) (state.journalLost() ? 1 : 0));
        final StateRecordEncoder.VolumesEncoder volumes =
                encoder.volumesCount(state.volumes().size());
        for (final VolumeState volume : state.volumes()) {
            if (volume.name().length() > VOLUME_NAME_LENGTH_MAX) {
                throw new IllegalArgumentException(
                        "volume name longer than " + VOLUME_NAME_LENGTH_MAX + ": " + volume.name());
            }
            volumes.next()
                    .uuidHigh(volume.uuidHigh())
                    .uuidLow(volume.uuidLow())
                    .sizeBytes(volume.sizeBytes())
                    .number(volume.number())
                    .writeOrder((short) volume.writeOrder())
                    .everConverged((short) (volume.everConverged() ? 1 : 0))
                    .volumeName(volume.name());
        }
        // The checksum covers the whole copy: what is behind the message is zero and must stay so.
        buffer.putInt(CHECKSUM_OFFSET, Crc32c.computeAround(buffer, 0, COPY_LENGTH, CHECKSUM_OFFSET), LITTLE_ENDIAN);
    }

    /** The second copy before it was written for the first time. */
    private boolean isZero() {
        for (int i = 0; i < COPY_LENGTH; i += Long.BYTES) {
            if (buffer.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private boolean isValid(final int copy) {
        messageHeaderDecoder.wrap(buffer, 0);
        if (messageHeaderDecoder.schemaId() != StateRecordDecoder.SCHEMA_ID
                || messageHeaderDecoder.templateId() != StateRecordDecoder.TEMPLATE_ID
                || messageHeaderDecoder.blockLength() < BLOCK_LENGTH_V0) {
            return false;
        }
        decoder.wrap(buffer, CHECKSUM_OFFSET, messageHeaderDecoder.blockLength(), messageHeaderDecoder.version());
        if ((int) decoder.checksum() != Crc32c.computeAround(buffer, 0, COPY_LENGTH, CHECKSUM_OFFSET)) {
            return false;
        }
        if (messageHeaderDecoder.version() > StateRecordDecoder.SCHEMA_VERSION) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    path + " is a state record of version " + messageHeaderDecoder.version()
                            + ", this Farshore reads up to version " + StateRecordDecoder.SCHEMA_VERSION
                            + ": start the newer one that wrote it");
        }
        return (decoder.counter() & 1) == copy;
    }

    /** What a valid copy says; null when no writer can have meant it, whatever its checksum says. */
    private StreamState decode() {
        try {
            final StreamState state = read();
            return state != null && state.isPossible() ? state : null;
        } catch (final IndexOutOfBoundsException | IllegalArgumentException e) {
            return null;
        }
    }

    /** Fields in schema order, the volumes last; null when they are more or longer than they may be. */
    private StreamState read() {
        final StreamState withoutVolumes = new StreamState(
                decoder.machineIdHigh(),
                decoder.machineIdLow(),
                (int) decoder.segmentLength(),
                (int) decoder.generation(),
                (int) decoder.incarnation(),
                decoder.captureIdHigh(),
                decoder.captureIdLow(),
                decoder.floor(),
                decoder.horizon(),
                decoder.appliedPosition(),
                decoder.appliedSequence(),
                decoder.appliedCapturePosition(),
                decoder.durablePosition(),
                List.of(),
                Math.max(StreamState.RETENTION_UNSET, decoder.retentionWindowNs()),
                decoder.journalLost() == 1);
        final List<VolumeState> volumes = new ArrayList<>();
        final StateRecordDecoder.VolumesDecoder table = decoder.volumes();
        if (table.count() > VOLUMES_MAX) {
            return null;
        }
        for (final StateRecordDecoder.VolumesDecoder volume : table) {
            final int number = volume.number();
            final int writeOrder = volume.writeOrder();
            final boolean everConverged = volume.everConverged() == 1;
            final long uuidHigh = volume.uuidHigh();
            final long uuidLow = volume.uuidLow();
            final long sizeBytes = volume.sizeBytes();
            final int nameLength = volume.volumeNameLength();
            if (nameLength < 0 || nameLength > VOLUME_NAME_LENGTH_MAX) {
                return null;
            }
            volumes.add(new VolumeState(
                    number, uuidHigh, uuidLow, sizeBytes, volume.volumeName(), writeOrder, everConverged));
        }
        return withoutVolumes.withVolumes(volumes);
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
            file = null;
        }
    }
}
