package org.farshore.tests.crashlab;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.farshore.tests.simulation.bugs.Hunt;

/** One recording on ext4 and its replay, from a seed: what was found, or null. */
public final class CrashHunt implements Hunt {
    private static final int FLUSHES = 60;

    @Override
    public String apply(final long seed) {
        try (CrashLab lab = new CrashLab(LabFilesystem.EXT4, seed)) {
            lab.run(CrashPlan.of(FLUSHES));
            return null;
        } catch (final AssertionError e) {
            return e.getMessage();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
