package org.farshore.tests.system;

import java.nio.file.Path;
import java.time.Duration;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.SaveOnFailure;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A disk image followed by comparing it with checksums: no root, no kernel feature. Root steps down for this test. */
@Tag("system")
@ExtendWith(SaveOnFailure.class)
class ScanSystemTest {
    private static final String NAME = "ScanSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String USER = "65534";

    @Test
    void imageFileIsFollowedWithoutRoot() {
        Features.requireCommands(NAME, "mke2fs", "debugfs");
        try (FarshoreLab lab = FarshoreLab.create("scan")) {
            final Path image = lab.directory().resolve("disk.image");
            Shell.script("truncate -s 64m " + image + " && mke2fs -q -t ext4 -d "
                    + FarshoreLab.root().resolve("dataplane/src") + " " + image);
            if ("0".equals(Shell.must("id", "-u"))) {
                stepDown(lab);
            }
            lab.protect("image", image).set(Role.AGENT, "capture", "scan").startAll();
            lab.assertEqualWhenCaughtUp("the first pass over an image", LIMIT);
            for (int i = 0; i < 3; i++) {
                final Path file = FarshoreLab.root().resolve("pom.xml");
                Shell.must("debugfs", "-w", "-R", "write " + file + " file" + i, image.toString());
                lab.assertEqualWhenCaughtUp("debugfs write " + i, LIMIT);
            }
        }
    }

    private static void stepDown(final FarshoreLab lab) {
        if (Shell.attempt(
                                "setpriv",
                                "--reuid=" + USER,
                                "test",
                                "-x",
                                FarshoreLab.launcher().toString())
                        .exitCode()
                != 0) {
            Features.skip(NAME, "an ordinary user cannot read " + FarshoreLab.root());
        }
        Shell.must("chown", "-R", USER + ":" + USER, lab.directory().toString());
        for (final Role role : Role.values()) {
            lab.prefix(
                    role,
                    "setpriv",
                    "--reuid=" + USER,
                    "--regid=" + USER,
                    "--clear-groups",
                    "--no-new-privs",
                    "--inh-caps=-all",
                    "--bounding-set=-all");
        }
    }
}
