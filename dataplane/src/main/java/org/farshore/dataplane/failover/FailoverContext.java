package org.farshore.dataplane.failover;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.Entropy;

/** What a {@link FailoverAgent} is made of. Set, then {@link #conclude()} once. */
public final class FailoverContext {
    private BlockFiles files;
    private Path dataDirectory;
    private Clocks clocks;
    private Entropy entropy;
    private CounterFactory counters;
    private ExportServer exports;
    private Supplier<List<MachineStream>> streams;

    /** Checks that nothing is missing. */
    public FailoverContext conclude() {
        Objects.requireNonNull(files, "files");
        Objects.requireNonNull(dataDirectory, "dataDirectory");
        Objects.requireNonNull(clocks, "clocks");
        Objects.requireNonNull(entropy, "entropy");
        Objects.requireNonNull(counters, "counters");
        Objects.requireNonNull(exports, "exports");
        Objects.requireNonNull(streams, "streams");
        return this;
    }

    public FailoverContext files(final BlockFiles value) {
        files = value;
        return this;
    }

    /** The master target's; machines have directories in it. */
    public FailoverContext dataDirectory(final Path value) {
        dataDirectory = value;
        return this;
    }

    public FailoverContext clocks(final Clocks value) {
        clocks = value;
        return this;
    }

    public FailoverContext entropy(final Entropy value) {
        entropy = value;
        return this;
    }

    public FailoverContext counters(final CounterFactory value) {
        counters = value;
        return this;
    }

    /** Where views are served. */
    public FailoverContext exports(final ExportServer value) {
        exports = value;
        return this;
    }

    /** The streams that are open and have a history; the list is another one whenever it has changed. */
    public FailoverContext streams(final Supplier<List<MachineStream>> value) {
        streams = value;
        return this;
    }

    BlockFiles files() {
        return files;
    }

    Path dataDirectory() {
        return dataDirectory;
    }

    Clocks clocks() {
        return clocks;
    }

    Entropy entropy() {
        return entropy;
    }

    CounterFactory counters() {
        return counters;
    }

    ExportServer exports() {
        return exports;
    }

    Supplier<List<MachineStream>> streams() {
        return streams;
    }
}
