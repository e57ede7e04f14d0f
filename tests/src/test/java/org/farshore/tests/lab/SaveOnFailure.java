package org.farshore.tests.lab;

import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/** Keeps logs, settings and counters of the labs of a test that fails, also when it closed them on its way out. */
public final class SaveOnFailure
        implements BeforeTestExecutionCallback,
                TestExecutionExceptionHandler,
                LifecycleMethodExecutionExceptionHandler {
    @Override
    public void beforeTestExecution(final ExtensionContext context) {
        LabTraces.forget();
    }

    @Override
    public void handleTestExecutionException(final ExtensionContext context, final Throwable failure) throws Throwable {
        throw saved(context, failure);
    }

    @Override
    public void handleBeforeAllMethodExecutionException(final ExtensionContext context, final Throwable failure)
            throws Throwable {
        throw saved(context, failure);
    }

    @Override
    public void handleBeforeEachMethodExecutionException(final ExtensionContext context, final Throwable failure)
            throws Throwable {
        throw saved(context, failure);
    }

    private static Throwable saved(final ExtensionContext context, final Throwable failure) {
        if (!(failure instanceof TestAbortedException)) {
            FarshoreLab.keepTracesOfOpenLabs();
            LabTraces.save(context.getRequiredTestClass().getSimpleName() + "."
                    + context.getDisplayName().replaceAll("[^A-Za-z0-9]", ""));
        }
        return failure;
    }
}
