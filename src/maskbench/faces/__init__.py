"""Find, measure and crop faces: detect -> landmarks -> pose -> crop -> a FaceSet."""
