"""Camera pictures to confirmed animals: camera node, TFLite detector, tracker."""
