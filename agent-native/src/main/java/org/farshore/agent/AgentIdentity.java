package org.farshore.agent;

import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Properties;
import org.agrona.BufferUtil;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Who this machine and its volumes are, kept in the agent's data directory. The machine's id is drawn at the first
 * start and is nobody else's: not {@code /etc/machine-id}, which clones share. A volume keeps its number and id for as long
 * as its file is there, also while it is not protected.
 *
 * <pre>
 *   machine            id=32 hex digits, generation=number
 *   volumes/NAME       number=0 to 63, id=32 hex digits
 * </pre>
 *
 * Files are replaced as a whole: written beside, synced, renamed. One thread.
 */
public final class AgentIdentity {
    private static final String MACHINE = "machine";
    private static final String VOLUMES = "volumes";
    private static final String NEW_SUFFIX = ".new";
    private static final int FILE_LENGTH_MAX = 4096;

    private final BlockFiles files;
    private final Path directory;
    private final Entropy entropy;
    private long machineIdHigh;
    private long machineIdLow;
    private int generation;

    /** The number and the id of one volume. */
    public record VolumeIdentity(int number, long idHigh, long idLow) {}

    /**
     * Reads the machine's identity, or draws it.
     *
     * @throws FarshoreException STORAGE when the directory cannot be used, CONFIGURATION when a file in it makes no sense.
     */
    public AgentIdentity(final BlockFiles files, final Path directory, final Entropy entropy) {
        this.files = files;
        this.directory = directory;
        this.entropy = entropy;
        try {
            files.createDirectories(directory.resolve(VOLUMES));
            final Path path = directory.resolve(MACHINE);
            if (files.exists(path)) {
                final Properties properties = read(path);
                final String id = hex(path, properties);
                machineIdHigh = Long.parseUnsignedLong(id.substring(0, 16), 16);
                machineIdLow = Long.parseUnsignedLong(id.substring(16), 16);
                generation = number(path, properties, "generation", Integer.MAX_VALUE);
            } else {
                machineIdHigh = entropy.nextLong();
                machineIdLow = entropy.nextLong();
                writeMachine();
            }
        } catch (final IOException e) {
            throw unusable(directory, e);
        }
    }

    public long machineIdHigh() {
        return machineIdHigh;
    }

    public long machineIdLow() {
        return machineIdLow;
    }

    /** The machine's id as 32 hex digits. */
    public String machineHex() {
        return hex(machineIdHigh, machineIdLow);
    }

    /** The newest generation that a receiver named; 0 before the first. */
    public int generation() {
        return generation;
    }

    /** Keeps the generation that a receiver named. Blocks when it is new. */
    public void generation(final int newGeneration) {
        if (newGeneration != generation) {
            generation = newGeneration;
            try {
                writeMachine();
            } catch (final IOException e) {
                throw unusable(directory.resolve(MACHINE), e);
            }
        }
    }

    /** The identity of the volume with this name; drawn when there is none. */
    public VolumeIdentity volume(final String name) {
        final Path path = directory.resolve(VOLUMES).resolve(name);
        try {
            if (!files.exists(path)) {
                final String text =
                        "number=" + freeNumber() + "\nid=" + hex(entropy.nextLong(), entropy.nextLong()) + "\n";
                write(path, text);
            }
            return readVolume(path);
        } catch (final IOException e) {
            throw unusable(path, e);
        }
    }

    private VolumeIdentity readVolume(final Path path) throws IOException {
        final Properties properties = read(path);
        final String id = hex(path, properties);
        return new VolumeIdentity(
                number(path, properties, "number", StreamLimits.VOLUMES_MAX - 1),
                Long.parseUnsignedLong(id.substring(0, 16), 16),
                Long.parseUnsignedLong(id.substring(16), 16));
    }

    private int freeNumber() throws IOException {
        long taken = 0;
        final Path volumes = directory.resolve(VOLUMES);
        for (final String name : files.list(volumes)) {
            if (!name.endsWith(NEW_SUFFIX)) {
                taken |= 1L << readVolume(volumes.resolve(name)).number();
            }
        }
        if (taken == -1L) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    "all " + StreamLimits.VOLUMES_MAX + " volume numbers of " + volumes
                            + " are taken: remove the file of a volume that will never come back");
        }
        return Long.numberOfTrailingZeros(~taken);
    }

    private void writeMachine() throws IOException {
        write(directory.resolve(MACHINE), "id=" + machineHex() + "\ngeneration=" + generation + "\n");
    }

    private void write(final Path path, final String text) throws IOException {
        final Path fresh = path.resolveSibling(path.getFileName() + NEW_SUFFIX);
        files.delete(fresh);
        try (BlockFile file = files.open(fresh, BlockFiles.Mode.WRITE)) {
            file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
            file.sync();
        }
        files.rename(fresh, path);
        files.syncDirectory(path.getParent());
    }

    private Properties read(final Path path) throws IOException {
        try (BlockFile file = files.open(path, BlockFiles.Mode.READ)) {
            final ByteBuffer bytes = BufferUtil.allocateDirectAligned(FILE_LENGTH_MAX, 8);
            bytes.limit((int) Math.min(FILE_LENGTH_MAX, file.length()));
            file.read(bytes, 0);
            bytes.flip();
            final Properties properties = new Properties();
            properties.load(
                    new StringReader(StandardCharsets.US_ASCII.decode(bytes).toString()));
            return properties;
        } catch (final IllegalArgumentException e) {
            throw damaged(path, "no properties (" + e.getMessage() + ")");
        }
    }

    private static String hex(final Path path, final Properties properties) {
        final String id = properties.getProperty("id", "");
        if (!id.matches("[0-9a-f]{32}")) {
            throw damaged(path, "id=" + id);
        }
        return id;
    }

    private static int number(final Path path, final Properties properties, final String key, final int max) {
        final String text = properties.getProperty(key, "");
        if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) > max) {
            throw damaged(path, key + "=" + text);
        }
        return Integer.parseInt(text);
    }

    private static String hex(final long high, final long low) {
        return String.format("%016x%016x", high, low);
    }

    private static FarshoreException damaged(final Path path, final String found) {
        return new FarshoreException(
                ExitCode.CONFIGURATION,
                path + " holds " + found + ": restore it, or remove it to begin as another machine or volume");
    }

    private static FarshoreException unusable(final Path path, final IOException e) {
        return new FarshoreException(ExitCode.STORAGE, "cannot use " + path + ": " + e.getMessage(), e);
    }
}
