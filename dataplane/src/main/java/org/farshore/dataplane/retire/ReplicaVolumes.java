package org.farshore.dataplane.retire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.agrona.BufferUtil;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * Opens replica volumes by the rules that keep somebody else's bytes safe.
 *
 * <ul>
 *   <li>Without a setting a replica is {@code <data>/<machine>/<volume>/replica.img}, sparse, made here.
 *   <li>{@code replica.<volume>} or, stronger, {@code replica.<machine>.<volume>} names a file or block device instead.
 *   <li>The claim beside it says whose it is. A claim of another machine, volume, volume id or path is refused, and so is
 *       a path that another claim of this master target names.
 *   <li>A configured file or device without a claim must be empty, unless adoption was asked for. Empty means: begin, end
 *       and a sample of 1,024 blocks in between hold only zeros. What lies between the samples is not looked at.
 *   <li>A device that is smaller than the volume is refused.
 * </ul>
 *
 * <p>Apply thread.
 */
public final class ReplicaVolumes {
    private static final int PROBE_LENGTH = 1 << 20;
    private static final int PROBES = 1024;
    private static final int BLOCK_LENGTH = 4096;

    private final BlockFiles files;
    private final Path dataDirectory;
    private final Map<String, String> configured;
    private final boolean adopt;

    /**
     * Where replicas are.
     *
     * @param configured paths by {@code volume} or {@code machine.volume}.
     * @param adopt takes files and devices that are not empty and bear no claim.
     */
    public ReplicaVolumes(
            final BlockFiles files,
            final Path dataDirectory,
            final Map<String, String> configured,
            final boolean adopt) {
        this.files = files;
        this.dataDirectory = dataDirectory;
        this.configured = configured;
        this.adopt = adopt;
    }

    /** Who has claimed the replica in this directory of a machine, also when the volume has left its stream; null for nobody. */
    ReplicaClaim claimOrNull(final String machine, final String volume) throws IOException {
        return ReplicaClaim.load(files, dataDirectory.resolve(machine).resolve(volume));
    }

    /**
     * Opens the replica of a volume, making and claiming it when it is new.
     *
     * @param mustExist the journal knows the volume, so its replica was made long ago: an empty one would not be its copy.
     * @throws ReplicaRefusedException when it must not be used.
     */
    public ReplicaVolume open(
            final String machine,
            final String volume,
            final long uuidHigh,
            final long uuidLow,
            final long sizeBytes,
            final int generation,
            final boolean mustExist)
            throws IOException, ReplicaRefusedException {
        final Path directory = dataDirectory.resolve(machine).resolve(volume);
        final String setting = configured.getOrDefault(machine + "." + volume, configured.get(volume));
        final Path own = directory.resolve("replica.img");
        final Path path =
                setting == null ? own : Path.of(setting).toAbsolutePath().normalize();
        final String uuid = new UUID(uuidHigh, uuidLow).toString();
        files.createDirectories(directory);
        final ReplicaClaim claim = ReplicaClaim.load(files, directory);
        if (claim != null) {
            checkClaim(claim, machine, volume, uuid, path);
        } else if (setting != null) {
            checkUnclaimed(path);
        }
        final boolean growable = setting == null || !path.startsWith("/dev");
        if (setting != null && !growable && !files.exists(path)) {
            throw new ReplicaRefusedException("replica device " + path + " of volume " + volume
                    + " does not exist: attach it, or correct farshore.master-target.replica." + volume);
        }
        if (mustExist && !files.exists(path)) {
            throw new ReplicaRefusedException("replica " + path + " of volume " + volume
                    + " is gone: put it back, or move " + dataDirectory.resolve(machine)
                    + " away to have the machine copied anew");
        }
        final ReplicaVolume replica = openFiles(path, volume, uuidHigh, uuidLow, sizeBytes, growable, claim == null);
        try {
            if (claim == null) {
                new ReplicaClaim(machine, volume, uuid, sizeBytes, generation, path.toString()).store(files, directory);
            }
            syncNames(directory, path, growable);
        } catch (final IOException | RuntimeException e) {
            replica.close();
            throw e;
        }
        return replica;
    }

    /** Always: whoever made these files may have died, or failed, before their names were on the disk. */
    private void syncNames(final Path directory, final Path path, final boolean isFile) throws IOException {
        files.syncDirectory(directory);
        if (isFile && !path.getParent().equals(directory)) {
            files.syncDirectory(path.getParent());
        }
    }

    private ReplicaVolume openFiles(
            final Path path,
            final String volume,
            final long uuidHigh,
            final long uuidLow,
            final long sizeBytes,
            final boolean growable,
            final boolean untouched)
            throws IOException, ReplicaRefusedException {
        final boolean made = !files.exists(path);
        final BlockFile applyFile = files.open(path, BlockFiles.Mode.WRITE);
        final BlockFile directFile = files.open(path, BlockFiles.Mode.WRITE);
        final ReplicaVolume replica =
                new ReplicaVolume(path, volume, uuidHigh, uuidLow, growable, untouched, applyFile, directFile);
        try {
            if (!made) {
                replica.forgetEarlierLife();
            }
            replica.grow(sizeBytes);
            if (made) {
                replica.sync();
            }
            return replica;
        } catch (final IOException | ReplicaRefusedException | RuntimeException e) {
            replica.close();
            throw e;
        }
    }

    private static void checkClaim(
            final ReplicaClaim claim, final String machine, final String volume, final String uuid, final Path path)
            throws ReplicaRefusedException {
        if (!claim.machine().equals(machine) || !claim.volume().equals(volume)) {
            throw new ReplicaRefusedException("replica " + claim.path() + " is claimed by volume " + claim.volume()
                    + " of machine " + claim.machine());
        }
        if (!claim.uuid().equals(uuid)) {
            throw new ReplicaRefusedException("replica " + claim.path() + " is the copy of volume " + claim.uuid()
                    + ", not of " + uuid + ", which now bears the name " + volume
                    + ": move the replica's directory away or name the volume otherwise");
        }
        if (!claim.path().equals(path.toString())) {
            throw new ReplicaRefusedException(
                    "replica of volume " + volume + " is " + claim.path() + ", the settings say " + path
                            + ": copy it there and correct path in its " + ReplicaClaim.FILE_NAME);
        }
    }

    private void checkUnclaimed(final Path path) throws IOException, ReplicaRefusedException {
        for (final String machine : files.list(dataDirectory)) {
            for (final String volume : files.list(dataDirectory.resolve(machine))) {
                final ReplicaClaim other = claimOrNull(machine, volume);
                if (other != null && other.path().equals(path.toString())) {
                    throw new ReplicaRefusedException("replica " + path + " is claimed by volume " + other.volume()
                            + " of machine " + other.machine());
                }
            }
        }
        if (!adopt && files.exists(path) && !looksEmpty(path)) {
            throw new ReplicaRefusedException(
                    "replica " + path + " is not empty and bears no claim: name another, or start"
                            + " the master target with --adopt once to overwrite it");
        }
    }

    private boolean looksEmpty(final Path path) throws IOException {
        try (BlockFile file = files.open(path, BlockFiles.Mode.READ)) {
            final long length = file.length();
            final ByteBuffer probe = BufferUtil.allocateDirectAligned(PROBE_LENGTH, BLOCK_LENGTH);
            if (!isZero(file, probe, 0, Math.min(length, PROBE_LENGTH))
                    || !isZero(file, probe, Math.max(0, length - PROBE_LENGTH), Math.min(length, PROBE_LENGTH))) {
                return false;
            }
            final long stride = Math.max(BLOCK_LENGTH, length / PROBES / BLOCK_LENGTH * BLOCK_LENGTH);
            for (long at = stride; at + BLOCK_LENGTH <= length; at += stride) {
                if (!isZero(file, probe, at, BLOCK_LENGTH)) {
                    return false;
                }
            }
            return true;
        }
    }

    private static boolean isZero(final BlockFile file, final ByteBuffer probe, final long offset, final long length)
            throws IOException {
        probe.clear().limit((int) length);
        file.read(probe, offset);
        probe.flip();
        while (probe.hasRemaining()) {
            if (probe.get() != 0) {
                return false;
            }
        }
        return true;
    }
}
