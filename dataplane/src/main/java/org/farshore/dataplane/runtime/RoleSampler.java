package org.farshore.dataplane.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Finds the role processes of this machine, running or killed, and takes a {@link RoleSample} of each from outside. Any
 * thread; every call opens and closes.
 */
public final class RoleSampler {
    /** Where role processes keep their shared memory. */
    public static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private static final String PREFIX = "farshore-";
    private static final List<String> ROLES = List.of("agent", "process-server", "master-target", "control");

    private RoleSampler() {}

    /** The directories of role processes under {@code parent}, sorted by name. */
    public static List<Path> directories(final Path parent) {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(parent)) {
            return entries.filter(entry -> !roleOf(entry).isEmpty())
                    .filter(Files::isDirectory)
                    .sorted()
                    .toList();
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "cannot list " + parent + ": " + e.getMessage(), e);
        }
    }

    /** The role that a directory's name tells, or an empty text. */
    static String roleOf(final Path directory) {
        final String name = directory.getFileName().toString();
        for (final String role : ROLES) {
            if (name.startsWith(PREFIX + role + "-")) {
                return role;
            }
        }
        return "";
    }

    /** Reads one role; null while there is nothing to read, as in the first moments of a process. */
    public static RoleSample read(final Path directory) {
        try (CounterReader reader = CounterReader.open(directory)) {
            return sample(directory, reader);
        } catch (final FarshoreException e) {
            return null;
        }
    }

    private static RoleSample sample(final Path directory, final CounterReader reader) {
        final List<RoleSample.Value> values = new ArrayList<>();
        final List<RoleSample.Value> aeron = new ArrayList<>();
        reader.forEach((typeId, label, subject, value) -> {
            final ReplicationCounter counter = ReplicationCounter.byTypeId(typeId);
            (counter == null ? aeron : values).add(new RoleSample.Value(counter, typeId, label, subject, value));
        });
        values.addAll(aeron);
        final List<RoleSample.Fault> faults = new ArrayList<>();
        reader.readErrors(
                (count, firstMs, lastMs, text) -> faults.add(new RoleSample.Fault(count, firstMs, lastMs, text)));
        final String role = roleOf(directory);
        final String name = directory.getFileName().toString();
        return new RoleSample(
                directory,
                role.isEmpty() ? guessRole(values) : role,
                role.isEmpty() ? name : name.substring(PREFIX.length() + role.length() + 1),
                reader.pid(),
                life(reader),
                reader.startedMs(),
                System.nanoTime(),
                values,
                faults);
    }

    private static RoleSample.Life life(final CounterReader reader) {
        if (!reader.isProcessAlive()) {
            return RoleSample.Life.DEAD;
        }
        return reader.isAlive(System.currentTimeMillis()) ? RoleSample.Life.RUNNING : RoleSample.Life.SILENT;
    }

    /** A directory of any name tells its role by the subject of its process id. */
    private static String guessRole(final List<RoleSample.Value> values) {
        for (final RoleSample.Value value : values) {
            if (value.counter() == ReplicationCounter.ROLE_PID && ROLES.contains(value.subject())) {
                return value.subject();
            }
        }
        return "unknown";
    }
}
